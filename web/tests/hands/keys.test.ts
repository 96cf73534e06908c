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
    const keys = new Keys(KEYBOARD, false);
    expect(keys.keyAt(centre(C4), 0.02)).toBe(C4);
    expect(keys.keyAt(centre(CIS4), 0.1)).toBe(CIS4);
    expect(keys.keyAt(centre(CIS4), KEYBOARD.black_front_m - 0.001)).not.toBe(CIS4);
    expect(keys.keyAt(-0.001, 0.02)).toBe(-1);
    expect(keys.keyAt(centre(C4), KEYBOARD.white_length_m + 0.001)).toBe(-1);
  });

  const down = (keys: Keys) => [...keys.depthsM].flatMap((depth, key) => (depth > 1e-6 ? [key] : []));

  it("holds keys down for the notes of a hand that is not seen, and for no others", () => {
    const keys = new Keys(KEYBOARD, false);
    const poses = posed();
    keys.update(1.25, poses, new Score(page()));
    expect(down(keys)).toEqual([FIS3]);
    expect(keys.depthsM[FIS3]).toBeCloseTo(KEYBOARD.travel_m[FIS3] as number, 6);
    poses[0].tracked = true; // the hand that plays it, and no finger near
    keys.update(1.25, poses, new Score(page()));
    expect(down(keys)).toEqual([]);
  });

  it("gives way to a fingertip by as much as it reaches down, more at the key's front", () => {
    const keys = new Keys(KEYBOARD, false);
    const poses = posed();
    poses[1].tracked = true;
    poses[1].landmarks[4]?.set(centre(C4), 0.06, (KEYBOARD.rest_top_m[C4] as number) - 0.005);
    keys.update(3, poses, new Score(page()));
    expect(keys.depthsM[C4]).toBeCloseTo((0.005 * 0.45) / 0.39, 6); // turned about a rail at y = 0.45 m
    expect(keys.isDown(C4)).toBe(true);
  });

  it("takes a filmed finger close over a key that sounds for one in it, a made one not", () => {
    for (const [filmed, above, held] of [[true, 0.01, true], [true, 0.02, false], [false, 0.01, false]] as const) {
      const keys = new Keys(KEYBOARD, filmed);
      const poses = posed();
      poses[1].tracked = true;
      poses[1].landmarks[4]?.set(centre(C4), 0.03, above);
      keys.update(0.75, poses, new Score(page()));
      expect(keys.isDown(C4)).toBe(held);
      keys.update(1.3, poses, new Score(page([[0.5, 1, 60, 1, 1]]))); // it rings on, let go
      expect(keys.isDown(C4)).toBe(false);
    }
  });
});
