import { describe, expect, it } from "vitest";
import { Kinematics } from "../../src/hands/kinematics";
import { MOTION, SKELETON } from "../fixtures";
import golden from "./poses.json";

describe("Kinematics", () => {
  it.each(golden.times_sec.map((time, i) => [time, i] as const))("poses the hands at %f s as Python does", (time, i) => {
    const kinematics = new Kinematics(MOTION, SKELETON);
    kinematics.pose(time);
    kinematics.poses.forEach((pose, hand) => {
      expect(pose.tracked).toBe(true);
      pose.landmarks.forEach((point, landmark) => {
        const wanted = golden.landmarks_m[i]?.[hand]?.[landmark] as number[];
        [point.x, point.y, point.z].forEach((value, axis) => {
          expect(Math.abs(value - (wanted[axis] as number))).toBeLessThan(2e-6);
        });
      });
    });
  });

  it("follows the mean of the tracked wrists only", () => {
    const values = MOTION.values.slice();
    values[0] = 0; // the left hand is not tracked in the first frame
    const motion = { ...MOTION, values };
    const { wrist_quantum_m: step, wrist_origin_m: origin } = MOTION.data;
    const right = (values[(52 + 1) * 3] as number) * step + origin[0];
    expect(new Kinematics(motion, SKELETON).wristMiddle(MOTION.startSec)).toBeCloseTo(right, 9);
    values[52 * 3] = 0;
    expect(new Kinematics(motion, SKELETON).wristMiddle(MOTION.startSec)).toBeNull();
  });

  it("knows that these hands are 0.92 of the medium ones", () => {
    expect(new Kinematics(MOTION, SKELETON).scale(0)).toBeCloseTo(0.92, 5);
  });

  it("mirrors the left hand at rest", () => {
    const kinematics = new Kinematics(MOTION, SKELETON);
    const right = kinematics.restLandmarks(1);
    kinematics.restLandmarks(0).forEach((point, i) => {
      expect(point.x).toBeCloseTo(-(right[i]?.x ?? Number.NaN), 9);
      expect(point.y).toBeCloseTo(right[i]?.y ?? Number.NaN, 9);
    });
  });
});
