/** Forward kinematics of both hands, the counterpart of `duemani.skeleton.pose_joints`. */

import { type Matrix4, Quaternion, Vector3 } from "three";
import { HAND_CHANNELS, type Motion, type SkeletonData } from "../shared/data";

export const JOINTS = 16;
export const LANDMARKS = 21;

export interface HandPose {
  tracked: boolean;
  landmarks: Vector3[];
  orientations: Quaternion[];
}

export class Kinematics {
  readonly poses: [HandPose, HandPose] = [emptyPose(), emptyPose()];
  private readonly bones: Vector3[][][];

  constructor(
    private readonly motion: Motion,
    private readonly skeleton: SkeletonData,
  ) {
    this.bones = [0, 1].map((hand) =>
      skeleton.bone_directions.map((finger, f) =>
        finger.map((direction, b) => {
          const length = motion.data.bone_lengths_m[hand]?.[f * 4 + b] ?? 0;
          const bone = new Vector3(...direction).multiplyScalar(length);
          if (hand === 0) bone.x *= -1;
          return bone;
        }),
      ),
    );
  }

  /** Uniform size of a hand relative to the medium one. */
  scale(hand: number): number {
    const sum = (lengths: number[]) => lengths.reduce((total, length) => total + length, 0);
    const lengths = this.motion.data.bone_lengths_m[hand as 0 | 1];
    return sum(lengths) / sum(this.skeleton.medium_bone_lengths_m);
  }

  /** Joint positions of the resting hand (wrist at the origin), scaled and mirrored as `hand` is. */
  restLandmarks(hand: number): Vector3[] {
    const points = [new Vector3()];
    for (const finger of this.bones[hand] as Vector3[][]) {
      const at = new Vector3();
      for (const bone of finger) points.push(at.add(bone).clone());
    }
    return points;
  }

  /** Poses both hands at a time; times outside the motion hold its ends. */
  pose(timeSec: number): void {
    const { motion } = this;
    const frame = (timeSec - motion.startSec) * motion.frameRate;
    const last = Math.max(0, motion.frames - 1);
    const low = Math.min(Math.max(Math.floor(frame), 0), last);
    const high = Math.min(low + 1, last);
    const blend = Math.min(Math.max(frame - low, 0), 1);
    for (const hand of [0, 1] as const) this.poseHand(hand, low, high, blend);
  }

  /** Middle of the tracked wrists' x at a time, or null [m]. */
  wristMiddle(timeSec: number): number | null {
    const { motion } = this;
    const frame = Math.round((timeSec - motion.startSec) * motion.frameRate);
    const at = Math.min(Math.max(frame, 0), motion.frames - 1);
    let sum = 0;
    let count = 0;
    for (let hand = 0; hand < 2; hand++) {
      if (!this.value(hand, 0, at)) continue;
      sum += this.value(hand, 1, at) * motion.data.wrist_quantum_m + motion.data.wrist_origin_m[0];
      count++;
    }
    return count ? sum / count : null;
  }

  private value(hand: number, channel: number, frame: number): number {
    const series = hand * HAND_CHANNELS + channel;
    return this.motion.values[series * this.motion.frames + frame] ?? 0;
  }

  private poseHand(hand: 0 | 1, low: number, high: number, blend: number): void {
    const pose = this.poses[hand];
    const { wrist_origin_m: origin, wrist_quantum_m: step, rotation_quantum_rad: turn } = this.motion.data;
    pose.tracked = this.value(hand, 0, blend < 0.5 ? low : high) > 0;
    const wrist = pose.landmarks[0] as Vector3;
    const mix = (channel: number) => {
      const start = this.value(hand, channel, low);
      return start + blend * (this.value(hand, channel, high) - start);
    };
    wrist.set(origin[0] + mix(1) * step, origin[1] + mix(2) * step, origin[2] + mix(3) * step);
    for (let joint = 0; joint < JOINTS; joint++) {
      const channel = 4 + 3 * joint;
      const local = pose.orientations[joint] as Quaternion;
      this.rotation(local, hand, channel, low, turn);
      local.slerp(this.rotation(TURN, hand, channel, high, turn), blend);
    }
    const root = pose.orientations[0] as Quaternion;
    this.skeleton.finger_joints.forEach((joints, f) => {
      const bones = this.bones[hand]?.[f] as Vector3[];
      let parent = root;
      const at = AT.copy(wrist).add(BONE.copy(bones[0] as Vector3).applyQuaternion(parent));
      (pose.landmarks[1 + 4 * f] as Vector3).copy(at);
      joints.forEach((joint, i) => {
        const world = (pose.orientations[joint] as Quaternion).premultiply(parent);
        at.add(BONE.copy(bones[i + 1] as Vector3).applyQuaternion(world));
        (pose.landmarks[2 + 4 * f + i] as Vector3).copy(at);
        parent = world;
      });
    });
  }

  private rotation(out: Quaternion, hand: number, channel: number, frame: number, turn: number): Quaternion {
    AXIS.set(
      this.value(hand, channel, frame),
      this.value(hand, channel + 1, frame),
      this.value(hand, channel + 2, frame),
    ).multiplyScalar(turn);
    const angle = AXIS.length();
    return angle < 1e-9 ? out.identity() : out.setFromAxisAngle(AXIS.divideScalar(angle), angle);
  }
}

/** The transform of a posed joint in the keyboard frame. */
export function jointMatrix(out: Matrix4, pose: HandPose, joint: number, landmark: number): Matrix4 {
  out.makeRotationFromQuaternion(pose.orientations[joint] as Quaternion);
  return out.setPosition(pose.landmarks[landmark] as Vector3);
}

const TURN = new Quaternion();
const AXIS = new Vector3();
const BONE = new Vector3();
const AT = new Vector3();

function emptyPose(): HandPose {
  return {
    tracked: false,
    landmarks: Array.from({ length: LANDMARKS }, () => new Vector3()),
    orientations: Array.from({ length: JOINTS }, () => new Quaternion()),
  };
}
