import { describe, expect, it } from "vitest";
import { BLACK_SHADE, DISC_WHITE, FallingNotes, INK } from "../../src/hands/fallingnotes";
import { HAND_COLOURS, UNKNOWN_COLOUR } from "../../src/hands/palette";
import { DESK } from "../../src/hands/piano";
import { Score } from "../../src/hands/score";
import { KEYBOARD, page } from "../fixtures";

function drawn(timeSec: number, withFingers = true) {
  const notes = new FallingNotes(new Score(page()), KEYBOARD);
  notes.update(timeSec, withFingers, 1);
  const rows = (name: string, size: number) =>
    Array.from({ length: notes.geometry.instanceCount }, (_, i) => [...notes.geometry.getAttribute(name).array.slice(i * size, (i + 1) * size)]);
  return { place: rows("place", 4), tint: rows("tint", 3), style: rows("style", 3) };
}

/** WCAG's contrast of two linear colours. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const bright = ([r, g, b]: readonly number[]) => 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0) + 0.05;
  const [low, high] = [bright(one), bright(other)].sort((a, b) => a - b) as [number, number];
  return high / low;
}

describe("FallingNotes", () => {
  it("writes numbers that stand out from their discs, on every key's note", () => {
    for (const tint of [...HAND_COLOURS, UNKNOWN_COLOUR])
      for (const shade of [1, BLACK_SHADE]) {
        const disc = [tint.r, tint.g, tint.b].map((part) => part * shade * (1 - DISC_WHITE) + DISC_WHITE);
        expect(contrast(disc, INK)).toBeGreaterThan(7);
      }
  });

  it("counts the least size of a number in the page's pixels, however coarse the picture", () => {
    const notes = new FallingNotes(new Score(page()), KEYBOARD);
    const least = (ratio: number) => {
      notes.update(0, true, ratio);
      return notes.material.uniforms.leastPixels?.value as number;
    };
    expect(least(0.5)).toBeCloseTo(least(1) / 2, 6);
  });

  it("lets notes slide so that their lower edges meet the keys at their onsets", () => {
    const speed = DESK.length / 2.6;
    const { place } = drawn(0);
    expect(place).toHaveLength(2); // the third begins later than the desk shows
    expect(place[0]?.[0]).toBeCloseTo(KEYBOARD.centre_x_m[60 - 21] as number, 5);
    expect(place[0]?.[2]).toBeCloseTo(0.5 * speed, 5);
    expect(place[0]?.[3]).toBeCloseTo(1 * speed - 0.0012, 5);
  });

  it("keeps a note that is held until it is released", () => {
    const { place, style } = drawn(1.4);
    expect(place).toHaveLength(1);
    expect(place[0]?.[2]).toBe(0);
    expect(style[0]?.[2]).toBe(1);
    expect(drawn(1.39, true).place).toHaveLength(2 - 1);
  });

  it("tints by hand, black keys darker, and numbers fingers where there is room", () => {
    const { tint, style } = drawn(0);
    expect(tint[0]?.[0]).toBeCloseTo(HAND_COLOURS[1]?.r ?? Number.NaN, 5);
    expect(tint[1]?.[2]).toBeCloseTo(0.72 * (HAND_COLOURS[0]?.b ?? Number.NaN), 5);
    expect(style.map((row) => row[0])).toEqual([1, 5]);
    expect(drawn(0, false).style.map((row) => row[0])).toEqual([0, 0]);
    expect(drawn(3).tint[0]?.[1]).toBeCloseTo(UNKNOWN_COLOUR.g, 5);
  });
});
