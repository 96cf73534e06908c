import { beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "../../src/review/session";
import { Clock } from "../../src/shared/clock";
import { review } from "../fixtures";

function session(data = review()): Session {
  return new Session(data, new Clock(data.duration_sec));
}

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", vi.fn());
});

describe("Session", () => {
  it("finds the bar at a time", () => {
    const one = session();
    expect([-1, 0, 1.9, 2, 4.5, 9].map((time) => one.barAt(time))).toEqual([0, 0, 0, 1, 2, 2]);
    expect(session({ ...review(), bars: [] }).barAt(1)).toBe(-1);
  });

  it("widens a passage to whole bars, and to some room where there is no score", () => {
    expect(session().passage(2.5, 3)).toEqual([2, 4]);
    expect(session().passage(1.5, 4.02)).toEqual([0, 4.02]); // a release just over the bar line opens no bar
    const [from, to] = session({ ...review(), has_score: false }).passage(2.5, 5.9);
    expect([from, to]).toEqual([expect.closeTo(2.1), 6]);
  });

  it("loops a chosen remark's bars and tells everybody", () => {
    const one = session();
    const told = vi.fn();
    one.onChoose.push(told);
    one.choose(0);
    expect(one.remark?.title).toBe("slow");
    expect(one.clock.loop).toEqual({ on: true, fromSec: 2, toSec: 4 });
    expect([one.clock.time, one.clock.playing]).toEqual([2, true]);
    one.choose(null);
    expect(one.clock.loop.on).toBe(false);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it("ends a loop when the reader goes elsewhere, and keeps it within", () => {
    const one = session();
    one.hear(2, 4, false);
    one.seek(3);
    expect(one.clock.loop.on).toBe(true);
    one.seek(5);
    expect(one.clock.loop.on).toBe(false);
  });

  it("keeps the ends that were set while the loop is off, and loops the bar without any", () => {
    const one = session();
    one.clock.seek(2.5);
    one.toggleLoop();
    expect(one.clock.loop).toEqual({ on: true, fromSec: 2, toSec: 4 });
    one.toggleLoop();
    expect(one.clock.loop).toEqual({ on: false, fromSec: null, toSec: null });
    one.setLoopEnd("fromSec");
    one.clock.seek(3.5);
    one.setLoopEnd("toSec");
    one.toggleLoop();
    expect(one.clock.loop).toEqual({ on: false, fromSec: 2.5, toSec: 3.5 });
    one.toggleLoop();
    one.seek(5);
    expect(one.clock.loop).toEqual({ on: false, fromSec: 2.5, toSec: 3.5 });
  });

  it("never loops less than the ear can follow", () => {
    const one = session();
    one.hear(1, 1.1, false);
    expect(one.clock.loop.toSec).toBeCloseTo(1.3);
  });

  it("asks for one frame at a time", () => {
    const one = session();
    one.refresh();
    one.refresh();
    expect(requestAnimationFrame).toHaveBeenCalledTimes(1);
  });
});
