/** Where time is in the systems of a sheet. */

import { firstWhere } from "../../shared/search";

export interface Anchor {
  timeSec: number;
  system: number;
  /** Share of the system's width. */
  x: number;
}

/** Where a time lies: between the notes before and after it, if both stand in one system. */
export function placeAt(anchors: readonly Anchor[], timeSec: number): { system: number; x: number } | undefined {
  const next = firstWhere(anchors.length, (i) => (anchors[i] as Anchor).timeSec > timeSec);
  const before = anchors[next - 1];
  const after = anchors[next];
  if (!before) return after;
  if (!after || after.system !== before.system || after.x < before.x) return before;
  const share = (timeSec - before.timeSec) / Math.max(after.timeSec - before.timeSec, 1e-6);
  return { system: before.system, x: before.x + share * (after.x - before.x) };
}
