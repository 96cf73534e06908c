/** Notices when frames come too slowly, on whatever machine, so that the picture can be made simpler. */

/** Slower than 30 frames a second, with a little grace [ms]. */
const SLOW_FRAME_MS = 36;
/** So much lateness, each frame's share of the slow ones, and the picture becomes simpler. */
const PATIENCE = 12;

export class Pace {
  private last: number | null = null;
  private late = 0;

  /** Call once a frame; true when the picture should become simpler. Hidden pages draw nothing. */
  frame(nowMs: number, playing: boolean): boolean {
    const before = this.last;
    this.last = playing && !document.hidden ? nowMs : null;
    if (before === null || this.last === null) return false;
    const took = nowMs - before;
    // A very slow frame counts for many: the slowest machines must not wait a minute for relief.
    this.late = took > SLOW_FRAME_MS ? this.late + Math.min(took / SLOW_FRAME_MS, PATIENCE) : Math.max(0, this.late - 1);
    if (this.late < PATIENCE) return false;
    this.late = 0;
    return true;
  }
}
