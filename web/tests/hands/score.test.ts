import { describe, expect, it } from "vitest";
import { usedRange } from "../../src/hands/range";
import { Score } from "../../src/hands/score";
import { KEYBOARD, page } from "../fixtures";

describe("Score", () => {
  const score = new Score(page());

  it("knows which notes are down", () => {
    expect([0.49, 0.5, 0.99, 1].map((time) => score.isDown(0, time))).toEqual([false, true, true, false]);
  });

  it("shows a note of no length for an instant", () => {
    const short = new Score(page([[1, 1, 60, 1, 1]]));
    expect(short.isDown(0, 1.02)).toBe(true);
    expect(short.isDown(0, 1.04)).toBe(false);
  });

  it("has a key half way down when its note begins, and three quarters up when it ends", () => {
    expect(score.press(0, 0.5)).toBeCloseTo(0.5);
    expect(score.press(0, 0.75)).toBe(1);
    expect(score.press(0, 1)).toBeCloseTo(0.25);
    expect(score.press(0, 1.08)).toBe(0);
  });

  it("lets a key rise before it is struck again", () => {
    const again = new Score(page([[0, 1, 60, 1, 1], [0.5, 1, 60, 1, 2]]));
    expect(again.press(0, 0.486)).toBe(0);
    expect(again.press(1, 0.5)).toBeCloseTo(0.5);
  });

  it("lets a key glow a little while it is heard, ever less once it is let go", () => {
    expect(score.ringing(0, 0.7)).toBeCloseTo(0.22);
    expect(score.ringing(0, 1.2)).toBeCloseTo(0.22 * Math.exp(-0.2 / 1.2));
    expect(score.ringing(0, 1.5)).toBe(0);
    expect(score.ringing(0, 0.4)).toBe(0);
  });

  it("reads the pedal as it last moved", () => {
    expect([1.1, 1.2, 1.9, 2].map((time) => score.pedal(time))).toEqual([0, 1, 1, 0]);
  });

  it("finds the notes from a time on, and those near it", () => {
    expect([0, 0.5, 0.51, 9].map((time) => score.firstFrom(time))).toEqual([0, 0, 1, 3]);
    expect(score.near(1.3)).toEqual([0, 1]);
    expect(score.near(-1)).toEqual(score.near(0));
    expect(score.near(100)).toEqual([]);
  });
});

describe("usedRange", () => {
  const x = (pitch: number) => KEYBOARD.centre_x_m[pitch - KEYBOARD.lowest_pitch] as number;

  it("leaves room for a hand at both ends", () => {
    const [from, to] = usedRange([40, 80], KEYBOARD, 0.1);
    expect(from).toBeCloseTo(x(40) - 0.09);
    expect(to).toBeCloseTo(x(80) + 0.09);
  });

  it("widens evenly to the least width", () => {
    const [from, to] = usedRange([60], KEYBOARD, 0.6);
    expect([(from + to) / 2, to - from]).toEqual([expect.closeTo(x(60)), expect.closeTo(0.6)]);
  });

  it("is the whole keyboard without notes, and never much more", () => {
    expect(usedRange([], KEYBOARD, 0.6)).toEqual([0, KEYBOARD.width_m]);
    expect(usedRange([21, 108], KEYBOARD, 9)).toEqual([-0.06, KEYBOARD.width_m + 0.06]);
  });
});
