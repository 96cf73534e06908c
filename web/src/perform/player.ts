/** One performance on stage: poses hands, keys and notes for the clock's time and draws them. */

import { FallingNotes } from "../hands/fallingnotes";
import type { Hands } from "../hands/hands";
import { Keys } from "../hands/keys";
import type { Kinematics } from "../hands/kinematics";
import type { Labels } from "../hands/labels";
import { Pace } from "../hands/pace";
import { Piano } from "../hands/piano";
import { usedRange } from "../hands/range";
import type { Score } from "../hands/score";
import type { CameraName, Stage } from "../hands/stage";
import type { Clock } from "../shared/clock";
import type { PageData } from "../shared/data";
import { element, lessMotion } from "../shared/dom";
import type { Overview } from "./overview";

/** Five octaves are shown at least [m]. */
const SHOWN_M = 0.82;

export class Player {
  cameraName: CameraName | null = "player";
  following = false;
  onFollow: (on: boolean) => void = () => {};
  onDrawn: () => void = () => {};
  readonly keys: Keys;
  private readonly notes: FallingNotes;
  private readonly piano: Piano;
  private readonly range: [number, number];
  private fingersShown = true;
  private waiting = false;
  private readonly pace = new Pace();
  private followX: number | null = null;

  constructor(
    readonly stage: Stage,
    readonly clock: Clock,
    readonly score: Score,
    readonly overview: Overview,
    private readonly kinematics: Kinematics,
    private readonly hands: Hands,
    private readonly labels: Labels,
    data: PageData,
  ) {
    this.keys = new Keys(data.keyboard, data.motion.filmed);
    this.piano = new Piano(data.keyboard);
    this.notes = new FallingNotes(score, data.keyboard);
    this.piano.desk.add(this.notes);
    stage.content.add(this.keys, this.piano, hands);
    this.range = usedRange(data.notes.pitch, data.keyboard, SHOWN_M);
    this.following = this.tooNarrow();
    stage.onUserMove = () => {
      this.cameraName = null;
      this.setFollowing(false);
      this.refresh();
    };
    stage.controls.addEventListener("change", () => this.refresh());
    clock.onDuration = () => {
      overview.draw();
      this.refresh();
    };
    new ResizeObserver(() => this.resize()).observe(element("stage"));
    this.resize();
  }

  seek(timeSec: number): void {
    this.clock.seek(timeSec);
    this.refresh();
  }

  setCamera(name: CameraName): void {
    this.cameraName = name;
    this.setFollowing(this.tooNarrow());
    this.frameCamera();
    this.refresh();
  }

  follow(on: boolean): void {
    this.following = on;
    if (on) this.cameraName ??= "player";
    this.frameCamera();
  }

  showNotes(on: boolean): void {
    this.notes.visible = on;
  }

  showFingers(on: boolean): void {
    this.fingersShown = on;
    element("labels").hidden = !on;
  }

  showHand(hand: 0 | 1, on: boolean): void {
    this.hands.shown[hand] = on;
  }

  setSkinTone(css: string): void {
    this.hands.setSkinTone(css);
    this.refresh();
  }

  /** Asks for one more frame; while playing, frames ask for the next. */
  refresh(): void {
    if (this.waiting) return;
    this.waiting = true;
    const { stage } = this;
    requestAnimationFrame((now) => {
      this.waiting = false;
      this.draw();
      if (this.pace.frame(now, this.clock.playing)) stage.coarsen();
      if (this.clock.playing) this.refresh();
    });
  }

  /** Draws the clock's present at once. */
  draw(): void {
    const { clock, kinematics, stage } = this;
    clock.tick();
    const time = clock.time;
    kinematics.pose(time);
    this.hands.update();
    this.keys.update(time, kinematics.poses, this.score);
    if (this.notes.visible) this.notes.update(time, this.fingersShown, stage.pixelRatio);
    if (this.following) this.followHands(time);
    this.labels.update(time, kinematics.poses, this.score, this.keys, stage, this.hands.shown);
    this.overview.update();
    stage.render();
    this.onDrawn();
  }

  private resize(): void {
    this.stage.resize();
    if (this.cameraName) this.frameCamera();
    this.overview.draw();
    this.draw();
  }

  private setFollowing(on: boolean): void {
    this.following = on;
    this.onFollow(on);
  }

  private tooNarrow(): boolean {
    const canvas = element("stage");
    if (lessMotion()) return false; // the camera stays put
    return canvas.clientWidth < canvas.clientHeight && this.range[1] - this.range[0] > 0.6;
  }

  private frameCamera(): void {
    if (!this.cameraName) return;
    let [from, to] = this.range;
    if (this.following) {
      const half = Math.min(to - from, this.tooNarrow() ? 0.6 : 0.75) / 2;
      const middle = this.handsMiddle(this.clock.time);
      this.followX = middle;
      [from, to] = [middle - half, middle + half];
    }
    const insets = { top: height("header") - 18, bottom: height("footer") - 22 };
    this.stage.frame(this.cameraName, from, to, insets);
  }

  /** Shifts the camera sideways with the hands, slowly: a mean over two seconds. */
  private followHands(timeSec: number): void {
    const middle = this.handsMiddle(timeSec);
    const shift = middle - (this.followX ?? middle);
    this.followX = middle;
    if (Math.abs(shift) < 1e-6) return;
    this.stage.shift(shift);
  }

  private handsMiddle(timeSec: number): number {
    let sum = 0;
    let count = 0;
    for (let offset = -1; offset <= 1; offset += 0.125) {
      const middle = this.kinematics.wristMiddle(timeSec + offset);
      if (middle === null) continue;
      sum += middle;
      count++;
    }
    return count ? sum / count : (this.range[0] + this.range[1]) / 2;
  }
}

function height(selector: string): number {
  return document.querySelector(selector)?.clientHeight ?? 0;
}
