/** Finger numbers beside the fingertips that hold keys down. */

import { Vector3 } from "three";
import type { Keys } from "./keys";
import type { HandPose } from "./kinematics";
import type { Score } from "./score";
import type { Stage } from "./stage";

const NEAREST_PX = 21;

export class Labels {
  private readonly spans: HTMLSpanElement[] = [];

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
    const down = new Set<number>();
    for (const i of score.near(timeSec)) {
      if (score.hand(i) < 0 || score.finger(i) < 1 || !score.isDown(i, timeSec) || !keys.isDown(score.key(i))) continue;
      down.add(score.hand(i) * 5 + score.finger(i) - 1);
    }
    const placed: { x: number; y: number }[] = [];
    this.spans.forEach((span, i) => {
      const hand = i < 5 ? 0 : 1;
      const pose = poses[hand];
      const visible = down.has(i) && shown[hand] && pose?.tracked && !this.parent.hidden;
      span.hidden = !visible;
      if (!visible || !pose) return;
      const finger = i % 5;
      const [knuckle, tip] = [pose.landmarks[finger ? 1 + 4 * finger : 3], pose.landmarks[4 + 4 * finger]] as [Vector3, Vector3];
      // Beyond the tip as the finger points, curled or not, so that the nail stays in view.
      POINT.copy(tip).addScaledVector(DIRECTION.subVectors(tip, knuckle).setZ(0).normalize(), 0.017);
      POINT.z += 0.014;
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

const POINT = new Vector3();
const DIRECTION = new Vector3();
