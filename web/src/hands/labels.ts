/** Finger numbers beside the fingertips that hold keys down. */

import { Vector3 } from "three";
import type { Keys } from "./keys";
import type { HandPose } from "./kinematics";
import type { Score } from "./score";
import type { Stage } from "./stage";

const NEAREST_PX = 21;
/** On the fallboard over the key, where no hand is before it, in the keyboard frame [m]. */
const [BOARD_Y_M, BOARD_Z_M] = [0.152, 0.036];
/** Half the thickness of a palm and of a finger, for what they hide [m]. */
const [PALM_M, FINGER_M] = [0.017, 0.009];

export class Labels {
  private readonly spans: HTMLSpanElement[] = [];
  /** Badges that a hand has hidden since their key went down; they stay over the key until it is up. */
  private readonly moved = new Set<number>();

  constructor(private readonly parent: HTMLElement) {
    for (let i = 0; i < 10; i++) {
      const span = document.createElement("span");
      span.className = i < 5 ? "left" : "right";
      span.textContent = String((i % 5) + 1);
      span.hidden = true;
      parent.append(span);
      this.spans.push(span);
    }
  }

  /** A finger is numbered while the key of its note is down. */
  update(timeSec: number, poses: readonly HandPose[], score: Score, keys: Keys, stage: Stage, shown: readonly boolean[]): void {
    const down = new Map<number, number>();
    for (const i of score.near(timeSec)) {
      if (score.hand(i) < 0 || score.finger(i) < 1 || !score.isDown(i, timeSec) || !keys.isDown(score.key(i))) continue;
      down.set(score.hand(i) * 5 + score.finger(i) - 1, score.key(i));
    }
    stage.eye(EYE);
    const placed: { x: number; y: number }[] = [];
    this.spans.forEach((span, i) => {
      const hand = i < 5 ? 0 : 1;
      const pose = poses[hand];
      const visible = down.has(i) && shown[hand] && pose?.tracked && !this.parent.hidden;
      span.hidden = !visible;
      if (!visible || !pose) {
        this.moved.delete(i);
        return;
      }
      const finger = i % 5;
      const [knuckle, tip] = [pose.landmarks[finger ? 1 + 4 * finger : 3], pose.landmarks[4 + 4 * finger]] as [Vector3, Vector3];
      // Beyond the tip as the finger points, curled or not, so that the nail stays in view.
      POINT.copy(tip).addScaledVector(DIRECTION.subVectors(tip, knuckle).setZ(0).normalize(), 0.017);
      POINT.z += 0.014;
      if (this.moved.has(i) || poses.some((one, other) => one.tracked && shown[other] && hides(one, EYE, POINT))) {
        this.moved.add(i);
        POINT.set(keys.centreX(down.get(i) as number), BOARD_Y_M, BOARD_Z_M);
      }
      const at = stage.project(POINT);
      if (!at) {
        span.hidden = true;
        return;
      }
      for (const other of placed) {
        const gap = at.x - other.x;
        if (Math.abs(gap) < NEAREST_PX && Math.abs(at.y - other.y) < NEAREST_PX) at.y = other.y - NEAREST_PX;
      }
      placed.push(at);
      span.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
    });
  }
}

/** Whether a hand's palm or fingers lie between an eye and a point. */
export function hides(pose: HandPose, eye: Vector3, point: Vector3): boolean {
  const at = (landmark: number) => pose.landmarks[landmark] as Vector3;
  for (let base = 1; base <= 17; base += 4) {
    if (gap(eye, point, at(0), at(base)) < PALM_M) return true;
    for (let joint = base; joint < base + 3; joint++) if (gap(eye, point, at(joint), at(joint + 1)) < FINGER_M) return true;
  }
  return false;
}

/** Shortest distance between two stretches, found in small steps along the second. */
function gap(a: Vector3, b: Vector3, c: Vector3, d: Vector3): number {
  let least = Infinity;
  ALONG.subVectors(b, a);
  for (let step = 0; step <= 6; step++) {
    SAMPLE.lerpVectors(c, d, step / 6);
    const t = Math.min(Math.max(OFF.subVectors(SAMPLE, a).dot(ALONG) / ALONG.lengthSq(), 0), 1);
    least = Math.min(least, OFF.copy(a).addScaledVector(ALONG, t).distanceTo(SAMPLE));
  }
  return least;
}

const EYE = new Vector3();
const ALONG = new Vector3();
const SAMPLE = new Vector3();
const OFF = new Vector3();
const POINT = new Vector3();
const DIRECTION = new Vector3();
