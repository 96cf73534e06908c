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
  /** Whether the loop's ends were set by hand; they then stay while it is off. */
  private endsSet = false;

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
    if (loop.on && (timeSec < (loop.fromSec ?? 0) - 0.01 || timeSec > (loop.toSec ?? Infinity))) this.leaveLoop();
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
    this.endsSet = false;
    clock.loop = { on: true, fromSec, toSec: Math.max(toSec, fromSec + SHORTEST_LOOP_SEC) };
    clock.seek(fromSec);
    if (play) clock.play();
    this.refresh();
  }

  /** Sets where the loop begins or ends to now, and loops. */
  setLoopEnd(end: "fromSec" | "toSec"): void {
    const { loop, time, durationSec } = this.clock;
    if (!this.endsSet) Object.assign(loop, { fromSec: null, toSec: null });
    loop[end] = time;
    const [from, to] = [loop.fromSec ?? 0, loop.toSec ?? durationSec];
    if (to - from < SHORTEST_LOOP_SEC) loop[end === "fromSec" ? "toSec" : "fromSec"] = null;
    loop.on = this.endsSet = true;
    this.refresh();
  }

  /** Loops between the ends that were set, or else the bar that the music is in; or stops looping. */
  toggleLoop(): void {
    const { clock, data } = this;
    if (clock.loop.on) {
      this.leaveLoop();
    } else if (this.endsSet) clock.loop.on = true;
    else {
      const bar = data.bars[this.barAt(clock.time)];
      const [from, to] = bar ? [bar.start_sec, bar.end_sec] : [Math.max(0, clock.time - 2), Math.min(clock.durationSec, clock.time + 2)];
      clock.loop = { on: true, fromSec: from, toSec: to };
    }
    this.refresh();
  }

  /** Stops looping; ends that were set by hand stay for the next time. */
  private leaveLoop(): void {
    if (this.endsSet) this.clock.loop.on = false;
    else this.endLoop();
  }

  endLoop(): void {
    this.endsSet = false;
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
