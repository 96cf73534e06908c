import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Clock } from "../../src/shared/clock";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sound that plays when told; its time is set by the test. */
function sound() {
  const element = Object.assign(new EventTarget(), {
    currentTime: 0, duration: 10, paused: true, ended: false, seeking: false, readyState: 4, playbackRate: 1, volume: 1, muted: false, src: "",
    play: vi.fn(() => {
      element.paused = false;
      return Promise.resolve();
    }),
    pause: vi.fn(() => {
      element.paused = true;
    }),
  });
  return element;
}

function later(clock: Clock, milliseconds: number): number {
  vi.advanceTimersByTime(milliseconds);
  clock.tick();
  return clock.time;
}

describe("Clock without sound", () => {
  it("runs with the computer's clock, at its rate, only while playing", () => {
    const clock = new Clock(10);
    expect(later(clock, 1000)).toBe(0);
    clock.play();
    expect(later(clock, 1000)).toBeCloseTo(1);
    clock.setRate(0.5);
    expect(later(clock, 1000)).toBeCloseTo(1.5);
    clock.pause();
    expect(later(clock, 1000)).toBeCloseTo(1.5);
  });

  it("stops at the end and begins again from the start", () => {
    const clock = new Clock(2);
    clock.play();
    expect(later(clock, 3000)).toBe(2);
    expect(clock.playing).toBe(false);
    clock.play();
    expect(clock.time).toBe(0);
  });

  it("jumps back at the end of a loop", () => {
    const clock = new Clock(10);
    clock.loop = { on: true, fromSec: 1, toSec: 3 };
    clock.seek(2.9);
    clock.play();
    expect(later(clock, 200)).toBe(1);
    expect(clock.playing).toBe(true);
  });

  it("keeps times and rates in bounds", () => {
    const clock = new Clock(10);
    clock.seek(-1);
    expect(clock.time).toBe(0);
    clock.seek(11);
    expect(clock.time).toBe(10);
    clock.setRate(9);
    expect(clock.rate).toBe(2);
    clock.setRate(0);
    expect(clock.rate).toBe(0.25);
  });
});

describe("Clock with sound", () => {
  function playing(): [Clock, ReturnType<typeof sound>] {
    const [clock, audio] = [new Clock(10), sound()];
    clock.attach(new Blob([]), audio as unknown as HTMLMediaElement);
    clock.play();
    return [clock, audio];
  }

  it("leans towards the sound's time, and jumps to it when far off", () => {
    const [clock, audio] = playing();
    audio.currentTime = 1.05;
    expect(later(clock, 1000)).toBeCloseTo(1 + 0.08 * 0.05);
    audio.currentTime = 5;
    expect(later(clock, 100)).toBe(5);
  });

  it("waits while the sound is being fetched", () => {
    const [clock, audio] = playing();
    audio.readyState = 2;
    expect(later(clock, 1000)).toBe(0);
  });

  it("goes on silently when the sound cannot be played, and says so", () => {
    const [clock, audio] = playing();
    const problem = vi.fn();
    clock.onProblem = problem;
    audio.dispatchEvent(new Event("error"));
    expect(clock.hasSound).toBe(false);
    expect(problem).toHaveBeenCalledOnce();
    expect(later(clock, 500)).toBeCloseTo(0.5);
  });

  it("pauses when the browser wants a click first", async () => {
    const [clock, audio] = [new Clock(10), sound()];
    audio.play.mockImplementation(() => Promise.reject(Object.assign(new Error(), { name: "NotAllowedError" })));
    clock.attach(new Blob([]), audio as unknown as HTMLMediaElement);
    clock.play();
    await Promise.resolve();
    await Promise.resolve();
    expect(clock.playing).toBe(false);
  });

  it("is as long as the sound, if that is longer", () => {
    const [clock, audio] = playing();
    audio.duration = 12;
    audio.dispatchEvent(new Event("loadedmetadata"));
    expect(clock.durationSec).toBe(12);
    audio.duration = 3;
    audio.dispatchEvent(new Event("loadedmetadata"));
    expect(clock.durationSec).toBe(12);
  });
});
