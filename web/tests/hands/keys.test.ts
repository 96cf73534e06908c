import { describe, expect, it } from "vitest";
import { Keys } from "../../src/hands/keys";
import { Kinematics } from "../../src/hands/kinematics";
import { Score } from "../../src/hands/score";
import { KEYBOARD, MOTION, page, SKELETON } from "../fixtures";

const [C4, CIS4, FIS3] = [60 - 21, 61 - 21, 54 - 21];
const centre = (key: number) => KEYBOARD.centre_x_m[key] as number;

function posed() {
  const { poses } = new Kinematics(MOTION, SKELETON);
  for (const pose of poses) for (const point of pose.landmarks) point.set(0, -1, 0);
  return poses;
}

describe("Keys", () => {
  it("finds keys by their footprints, black before white", () => {
    const keys = new Keys(KEYBOARD);
    expect(keys.keyAt(centre(C4), 0.02)).toBe(C4);
    expect(keys.keyAt(centre(CIS4), 0.1)).toBe(CIS4);
    expect(keys.keyAt(centre(CIS4), KEYBOARD.black_front_m - 0.001)).not.toBe(CIS4);
    expect(keys.keyAt(-0.001, 0.02)).toBe(-1);
    expect(keys.keyAt(centre(C4), KEYBOARD.white_length_m + 0.001)).toBe(-1);
  });

  it("holds the keys of the notes that sound down to their full travel, and no others", () => {
    const keys = new Keys(KEYBOARD);
    keys.update(1.25, posed(), [true, true], new Score(page()));
    const down = [...keys.depthsM].flatMap((depth, key) => (depth > 1e-6 ? [key] : []));
    expect(down).toEqual([FIS3]);
    expect(keys.depthsM[FIS3]).toBeCloseTo(KEYBOARD.travel_m[FIS3] as number, 6);
  });

  it("gives way to a fingertip by as much as it reaches down, more at the key's front", () => {
    const keys = new Keys(KEYBOARD);
    const poses = posed();
    poses[1].tracked = true;
    poses[1].landmarks[4]?.set(centre(C4), 0.06, (KEYBOARD.rest_top_m[C4] as number) - 0.005);
    keys.update(3, poses, [true, true], new Score(page()));
    expect(keys.depthsM[C4]).toBeCloseTo((0.005 * 0.36) / 0.3, 6); // turned about a rail at y = 0.36 m
    keys.update(3, poses, [true, false], new Score(page()));
    expect(keys.depthsM[C4]).toBe(0);
  });
});
