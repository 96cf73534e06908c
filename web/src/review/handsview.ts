/** Two hands in 3D that play with the fingers played, or with those suggested. */

import { FallingNotes } from "../hands/fallingnotes";
import { loadRightHand } from "../hands/handmesh";
import { Hands } from "../hands/hands";
import { Keys } from "../hands/keys";
import { Kinematics } from "../hands/kinematics";
import { Labels } from "../hands/labels";
import { Pace } from "../hands/pace";
import { Piano } from "../hands/piano";
import { usedRange } from "../hands/range";
import { Score } from "../hands/score";
import { contextWishes } from "../hands/software";
import { type CameraName, Stage } from "../hands/stage";
import { readMotion } from "../shared/data";
import { lessMotion, make } from "../shared/dom";
import { type MotionName, pageData, type ReviewData } from "./data";

/** The used part of the keyboard is taken to be this wide at least [m]. */
const SHOWN_M = 0.6;
/** Part of the keyboard that a narrow view shows at once, and a wide one at least [m]. */
const [CLOSE_M, WIDE_M] = [0.5, 0.82];

export class HandsView {
  readonly box: HTMLElement;
  camera: CameraName | null = "player";
  private following = !lessMotion();
  private middleX: number | null = null;
  private readonly pace = new Pace();
  private fingersShown = true;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly stage: Stage,
    private readonly kinematics: Kinematics,
    private readonly hands: Hands,
    private readonly score: Score,
    private readonly keys: Keys,
    private readonly notes: FallingNotes,
    private readonly labels: Labels,
    private readonly range: [number, number],
    private readonly labelBox: HTMLElement,
    refresh: () => void,
  ) {
    this.box = make("div", "hands-view", canvas, labelBox);
    stage.onUserMove = () => {
      this.camera = null;
      this.following = false;
      refresh();
    };
    stage.controls.addEventListener("change", refresh);
    new ResizeObserver(() => {
      this.frame();
      refresh();
    }).observe(canvas);
  }

  /** Null where the browser shows no 3D. */
  static async open(data: ReviewData, name: MotionName, refresh: () => void): Promise<HandsView | null> {
    const canvas = make("canvas");
    canvas.setAttribute("aria-label", "Two hands on a piano keyboard, in 3D. Drag to turn, pinch or scroll to come closer.");
    if (!canvas.getContext("webgl2", contextWishes())) return null;
    const page = pageData(data, name);
    const kinematics = new Kinematics(await readMotion(page.motion, `duemani-${name}`), data.skeleton);
    const hands = new Hands(await loadRightHand(data.skeleton), kinematics, data.skeleton, data.keyboard.width_m / 2);
    const [score, keys, piano] = [new Score(page), new Keys(data.keyboard, page.motion.filmed), new Piano(data.keyboard)];
    const notes = new FallingNotes(score, data.keyboard);
    piano.desk.add(notes);
    const stage = new Stage(canvas, data.keyboard.width_m);
    // Scrolling the page must not be caught by the picture.
    stage.controls.enableZoom = false;
    canvas.addEventListener("focus", () => (stage.controls.enableZoom = true));
    canvas.addEventListener("blur", () => (stage.controls.enableZoom = false));
    canvas.tabIndex = 0;
    canvas.style.touchAction = "pan-y";
    stage.content.add(keys, piano, hands);
    const labelBox = make("div", "labels");
    labelBox.setAttribute("aria-hidden", "true");
    return new HandsView(canvas, stage, kinematics, hands, score, keys, notes, new Labels(labelBox), usedRange(data.notes.pitch, data.keyboard, SHOWN_M), labelBox, refresh);
  }

  setCamera(name: CameraName): void {
    this.camera = name;
    this.following = !lessMotion();
    this.frame();
  }

  draw(timeSec: number, playing: boolean): void {
    if (!this.canvas.clientWidth) return;
    const { kinematics, stage } = this;
    kinematics.pose(timeSec);
    this.hands.update();
    this.keys.update(timeSec, kinematics.poses, this.score);
    if (this.notes.visible) this.notes.update(timeSec, this.fingersShown, stage.pixelRatio);
    this.followHands(timeSec, playing);
    this.labels.update(timeSec, kinematics.poses, this.score, this.keys, stage, this.hands.shown);
    stage.render();
    if (this.pace.frame(performance.now(), playing)) stage.coarsen();
  }

  showNotes(on: boolean): void {
    this.notes.visible = on;
  }

  showFingers(on: boolean): void {
    this.fingersShown = on;
    this.labelBox.hidden = !on;
  }

  private get isNarrow(): boolean {
    return this.canvas.clientWidth < 560;
  }

  private frame(): void {
    this.stage.resize();
    if (!this.camera) return;
    const whole = this.range[1] - this.range[0];
    // A camera that stays put shows everything at once.
    const half = lessMotion() ? whole / 2 : Math.min(whole, this.isNarrow ? CLOSE_M : WIDE_M) / 2;
    const middle = this.middleX ?? (this.range[0] + this.range[1]) / 2;
    this.stage.frame(this.camera, middle - half, middle + half, { top: 0, bottom: 0 });
  }

  /** Moves the camera sideways with the hands, slowly: towards their mean over two seconds. */
  private followHands(timeSec: number, playing: boolean): void {
    if (!this.following) return;
    let [sum, count] = [0, 0];
    for (let offset = -1; offset <= 1; offset += 0.25) {
      const middle = this.kinematics.wristMiddle(timeSec + offset);
      if (middle !== null) [sum, count] = [sum + middle, count + 1];
    }
    const target = count ? sum / count : (this.range[0] + this.range[1]) / 2;
    if (this.middleX === null || !playing) {
      if (this.middleX !== null && Math.abs(target - this.middleX) < 1e-4) return;
      this.middleX = target;
      this.frame();
      return;
    }
    const shift = 0.1 * (target - this.middleX);
    this.middleX += shift;
    this.stage.shift(shift);
  }
}
