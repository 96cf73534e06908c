/** The part of the keyboard that a picture shows. */

import type { KeyboardData } from "../shared/data";

/** Room for a hand beside the outermost keys, and the view past the keyboard's ends [m]. */
const [HAND_M, BEYOND_M] = [0.09, 0.06];
/** A few stray notes far off do not widen the picture: the share left out at each end. */
const STRAY = 0.004;

/** The stretch of keyboard that the pitches use, with room for hands, `leastM` wide or more [m]. */
export function usedRange(pitches: readonly number[], keyboard: KeyboardData, leastM: number): [number, number] {
  const { lowest_pitch: lowest, centre_x_m: centres, width_m: width } = keyboard;
  const xs = pitches.map((pitch) => centres[pitch - lowest] as number).sort((a, b) => a - b);
  if (!xs.length) return [0, width];
  const from = (xs[Math.floor(xs.length * STRAY)] as number) - HAND_M;
  const to = (xs[Math.ceil(xs.length * (1 - STRAY)) - 1] as number) + HAND_M;
  const missing = Math.max(0, leastM - (to - from)) / 2;
  return [Math.max(from - missing, -BEYOND_M), Math.min(to + missing, width + BEYOND_M)];
}
