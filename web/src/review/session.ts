/** What all parts of the page share: the take, its clock, the remark that is chosen, and drawing. */

import { Score } from "../hands/score";
import type { Clock } from "../shared/clock";
import { pageData, type RemarkData, type ReviewData } from "./data";

/** Heard before and after a passage where no bars bound it [s]. */
const AROUND_SEC = 0.4;
/** A loop lasts at least so long: one short note would only click [s]. */
const SHORTEST_LOOP_SEC = 0.3;

export class Session {
  readonly score: Score;
  chosen: number | null = null;
  /** Called on every drawn frame. */
  readonly onDraw: (() => void)[] = [];
  /** Called when a remark is chosen or let go. */
  readonly onChoose: (() => void)[] = [];
  private waiting = false;

  constructor(readonly data: ReviewData, readonly clock: Clock) {
    this.score = new Score(pageData(data, "played"));
  }

  get remark(): RemarkData | null {
    return this.chosen === null ? null : (this.data.remarks[this.chosen] ?? null);
  }

  /** Asks for one more frame; while playing, frames ask for the next. */
  refresh(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
      if (this.clock.playing) this.refresh();
    });
  }

  draw(): void {
    this.clock.tick();
    for (const draw of this.onDraw) draw();
  }

  seek(timeSec: number): void {
    const { loop } = this.clock;
    if (loop.on && (timeSec < (loop.fromSec ?? 0) - 0.01 || timeSec > (loop.toSec ?? Infinity))) this.endLoop();
    this.clock.seek(timeSec);
    this.refresh();
  }

  /** Chooses a remark: its notes light up, and its bars play in a loop. */
  choose(index: number | null, play = true): void {
    this.chosen = index;
    const { remark } = this;
    if (remark) this.hear(...this.passage(remark.start_sec, remark.end_sec), play);
    else this.endLoop();
    for (const call of this.onChoose) call();
    this.refresh();
  }

  /** Loops a passage from its start. */
  hear(fromSec: number, toSec: number, play = true): void {
    const { clock } = this;
    clock.loop = { on: true, fromSec, toSec: Math.max(toSec, fromSec + SHORTEST_LOOP_SEC) };
    clock.seek(fromSec);
    if (play) clock.play();
    this.refresh();
  }

  endLoop(): void {
    this.clock.loop = { on: false, fromSec: null, toSec: null };
  }

  /** Index of the bar at a time, -1 without bars. */
  barAt(timeSec: number): number {
    const { bars } = this.data;
    let at = -1;
    for (let i = 0; i < bars.length && (bars[i]?.start_sec ?? 0) <= timeSec + 1e-3; i++) at = i;
    return Math.max(at, bars.length ? 0 : -1);
  }

  /** A passage widened to whole bars; to some room around it where there is no score. */
  passage(startSec: number, endSec: number): [number, number] {
    const { bars, has_score: hasScore } = this.data;
    const duration = this.clock.durationSec;
    if (!hasScore || !bars.length) return [Math.max(0, startSec - AROUND_SEC), Math.min(duration, endSec + AROUND_SEC)];
    const first = bars[this.barAt(startSec)];
    const last = bars[this.barAt(Math.max(startSec, endSec - 0.05))];
    return [Math.min(first?.start_sec ?? startSec, startSec), Math.max(last?.end_sec ?? endSec, Math.min(endSec, duration))];
  }
}
