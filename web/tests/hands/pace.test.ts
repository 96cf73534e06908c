import { describe, expect, it } from "vitest";
import { Pace } from "../../src/hands/pace";

/** How many frames of a length until the picture should become simpler; null within ten seconds. */
function framesUntilSimpler(frameMs: number): number | null {
  const pace = new Pace();
  for (let frame = 0; frame * frameMs < 10_000; frame++) if (pace.frame(frame * frameMs, true)) return frame;
  return null;
}

describe("Pace", () => {
  it("leaves 30 frames a second alone", () => {
    expect(framesUntilSimpler(1000 / 30)).toBe(null);
  });

  it("asks for less within a second of slow frames, and at once after one of over a second", () => {
    expect(framesUntilSimpler(50)).toBeLessThan(20);
    expect(framesUntilSimpler(1500)).toBe(1);
  });

  it("takes a pause for no slow frame", () => {
    const pace = new Pace();
    pace.frame(0, true);
    pace.frame(10, false);
    expect(pace.frame(5000, true)).toBe(false);
    expect(pace.frame(5010, true)).toBe(false);
  });
});
