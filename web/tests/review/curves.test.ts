import { describe, expect, it } from "vitest";
import { rangeOf, runs, short, ticks, valueAt } from "../../src/review/curves";
import type { CurveData } from "../../src/review/data";
import { placeAt } from "../../src/review/sheet/anchors";

const CURVE: CurveData = { name: "a", label: "a", unit: "", time_sec: [1, 2, 3], value: [10, null, 20], low: [], high: [], reference: [] };

describe("curves", () => {
  it("range over all that is shown, with 6 % of room", () => {
    expect(rangeOf(CURVE)).toEqual([expect.closeTo(9.4), expect.closeTo(20.6)]);
    const wider = rangeOf({ ...CURVE, high: [30, null, null], reference: [0] });
    expect(wider).toEqual([expect.closeTo(-1.8), expect.closeTo(31.8)]);
    expect(rangeOf({ ...CURVE, value: [] })).toEqual([0, 0]);
  });

  it("break where nothing is known", () => {
    expect(runs([null, 1, 2, null, 3])).toEqual([[1, 3], [4, 5]]);
    expect(runs([])).toEqual([]);
  });

  it("have the value of the point before a time", () => {
    expect([0.5, 1, 1.5, 2.5, 9].map((time) => valueAt(CURVE, time))).toEqual([null, 10, 10, null, 20]);
  });

  it("are told in few figures", () => {
    expect([short(12.34), short(1.234), short(-10.6)]).toEqual(["12", "1.23", "-11"]);
  });
});

describe("ticks", () => {
  it("are round and few", () => {
    expect(ticks(0, 10)).toEqual([0, 5, 10]);
    expect(ticks(0.12, 0.31)).toEqual([0.2, 0.3]);
    expect(ticks(-7, 7, 3)).toEqual([-5, 0, 5]);
    expect(ticks(0, 60, 12)).toHaveLength(13);
  });
});

describe("placeAt", () => {
  const anchors = [
    { timeSec: 0, system: 0, x: 0.2 }, { timeSec: 2, system: 0, x: 0.6 }, { timeSec: 3, system: 1, x: 0.1 },
  ];

  it("lies between two notes of one system", () => {
    expect(placeAt(anchors, 0.5)).toEqual({ system: 0, x: expect.closeTo(0.3) });
  });

  it("stays at the last note until the next system", () => {
    expect(placeAt(anchors, 2.9)).toMatchObject({ system: 0, x: 0.6 });
    expect(placeAt(anchors, 3)).toMatchObject({ system: 1, x: 0.1 });
    expect(placeAt(anchors, -1)).toMatchObject({ system: 0, x: 0.2 });
    expect(placeAt([], 1)).toBeUndefined();
  });
});
