/** The notes in time: which are down, which still sound, and where the pedal is. */

import look from "../../../src/duemani/outputs/look.json";
import type { PageData } from "../shared/data";
import { firstWhere } from "../shared/search";

const BUCKET_SEC = 1;
/** Time that a key takes to go down at velocity 1 and 127, and to rise; it is down so long at least. */
const PRESS_SEC: [number, number] = [0.075, 0.03];
const RISE_SEC = 0.06;
const SHORTEST_SEC = 0.02;
/** A note lights its key from a little before its onset, when the finger goes down. */
const [EARLY_SEC, LATE_SEC] = [0.05, 0.1];
/** How strongly a key glows that is heard but not held, and how fast that fades. */
const [RINGING, RINGING_SEC] = [look.ringing, look.ringing_sec];

export class Score {
  readonly count: number;
  private readonly buckets: number[][] = [];
  private readonly lifted: Float64Array;

  constructor(readonly data: PageData) {
    this.count = data.notes.onset_sec.length;
    for (let i = 0; i < this.count; i++) {
      const end = Math.max(this.soundEnd(i), this.release(i) + LATE_SEC);
      const first = Math.max(0, Math.floor((this.onset(i) - EARLY_SEC) / BUCKET_SEC));
      for (let b = first; b <= Math.floor(end / BUCKET_SEC); b++) {
        const bucket = this.buckets[b] ?? [];
        bucket.push(i);
        this.buckets[b] = bucket;
      }
    }
    this.lifted = this.lifts();
  }

  onset(i: number): number {
    return this.data.notes.onset_sec[i] as number;
  }
  release(i: number): number {
    return this.data.notes.release_sec[i] as number;
  }
  soundEnd(i: number): number {
    return this.data.notes.sound_end_sec[i] as number;
  }
  key(i: number): number {
    return (this.data.notes.pitch[i] as number) - this.data.keyboard.lowest_pitch;
  }
  velocity(i: number): number {
    return this.data.notes.velocity[i] as number;
  }
  hand(i: number): number {
    return this.data.notes.hand[i] as number;
  }
  finger(i: number): number {
    return this.data.notes.finger[i] as number;
  }

  /** Notes that are down or sounding at a time (or about to be), in onset order. */
  near(timeSec: number): readonly number[] {
    return this.buckets[Math.max(0, Math.floor(timeSec / BUCKET_SEC))] ?? [];
  }

  isDown(i: number, timeSec: number): boolean {
    return this.onset(i) <= timeSec && timeSec < Math.max(this.release(i), this.onset(i) + 0.03);
  }

  /** How far a note alone would hold its key down, 0 to 1, as `duemani.outputs.keys_down` has it. */
  press(i: number, timeSec: number): number {
    const down = (timeSec - this.onset(i)) / this.pressSec(i) + 0.5;
    const up = ((this.lifted[i] as number) + RISE_SEC / 4 - timeSec) / RISE_SEC;
    return Math.min(Math.max(Math.min(down, up), 0), 1);
  }

  /** How strongly a key glows that a note sounds without being held, 0 to 1; it fades once let go. */
  ringing(i: number, timeSec: number): number {
    const until = Math.max(this.soundEnd(i), this.release(i) + LATE_SEC);
    if (timeSec < this.onset(i) - EARLY_SEC || timeSec >= until) return 0;
    return RINGING * Math.exp(-Math.max(timeSec - this.release(i), 0) / RINGING_SEC);
  }

  private pressSec(i: number): number {
    return PRESS_SEC[0] + ((PRESS_SEC[1] - PRESS_SEC[0]) * (this.velocity(i) - 1)) / 126;
  }

  /** When each note lets its key go: not later than it can rise before it is struck again. */
  private lifts(): Float64Array {
    const lifted = new Float64Array(this.count);
    const next = new Map<number, number>();
    for (let i = this.count - 1; i >= 0; i--) {
      const again = next.get(this.key(i));
      const [onset, press] = again === undefined ? [Infinity, 0] : [this.onset(again), this.pressSec(again)];
      const least = this.onset(i) + Math.min(SHORTEST_SEC, onset - this.onset(i));
      lifted[i] = Math.max(Math.min(this.release(i), onset - press / 2 - RISE_SEC / 4), least);
      next.set(this.key(i), i);
    }
    return lifted;
  }

  /** First note with an onset at or after a time. */
  firstFrom(timeSec: number): number {
    return firstWhere(this.count, (i) => this.onset(i) >= timeSec);
  }

  /** Sustain pedal, 0 (up) to 1 (down). */
  pedal(timeSec: number): number {
    const times = this.data.pedal.time_sec;
    const after = firstWhere(times.length, (i) => (times[i] as number) > timeSec);
    return after ? (this.data.pedal.value[after - 1] as number) / 127 : 0;
  }
}
