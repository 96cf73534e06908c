/** The notes in time: which are down, which still sound, and where the pedal is. */

import type { PageData } from "../shared/data";
import { firstWhere } from "../shared/search";

const BUCKET_SEC = 1;
/** A key is shown going down a little before its note sounds (it sounds half way down). */
const PRESS_SEC = 0.02;
const LIFT_SEC = 0.07;

export class Score {
  readonly count: number;
  private readonly buckets: number[][] = [];

  constructor(readonly data: PageData) {
    this.count = data.notes.onset_sec.length;
    for (let i = 0; i < this.count; i++) {
      const end = Math.max(this.soundEnd(i), this.release(i) + LIFT_SEC);
      const first = Math.max(0, Math.floor((this.onset(i) - PRESS_SEC) / BUCKET_SEC));
      for (let b = first; b <= Math.floor(end / BUCKET_SEC); b++) {
        const bucket = this.buckets[b] ?? [];
        bucket.push(i);
        this.buckets[b] = bucket;
      }
    }
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

  /** How far a note holds its key down, 0 to 1. */
  press(i: number, timeSec: number): number {
    const down = (timeSec - this.onset(i) + PRESS_SEC) / (2 * PRESS_SEC);
    const up = 1 - (timeSec - this.release(i)) / LIFT_SEC;
    return smooth(Math.min(down, up));
  }

  /** How strongly a key is tinted by a note, 0 to 1: held, then fading while the pedal holds it. */
  glow(i: number, timeSec: number): number {
    if (timeSec < this.onset(i) || timeSec >= this.soundEnd(i)) return 0;
    if (this.isDown(i, timeSec)) return 1;
    return 0.42 * Math.exp(-(timeSec - this.release(i)) / 1.2);
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

export function smooth(x: number): number {
  const t = Math.min(Math.max(x, 0), 1);
  return t * t * (3 - 2 * t);
}
