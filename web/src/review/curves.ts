/** What is drawn of a curve: its range, the round values of its axis, the runs that are known. */

import { firstWhere } from "../shared/search";
import type { CurveData } from "./data";

/** Least and greatest of all that a curve shows, with a little room; equal when it shows nothing. */
export function rangeOf(curve: CurveData): [number, number] {
  const all = [...curve.value, ...curve.low, ...curve.high, ...curve.reference].filter((value): value is number => value !== null);
  if (!all.length) return [0, 0];
  let [low, high] = all.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity] as [number, number]);
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
  return [low - 0.06 * (high - low), high + 0.06 * (high - low)];
}

/** Runs of neighbouring points that are known. */
export function runs(values: readonly (number | null)[]): [number, number][] {
  const found: [number, number][] = [];
  let start = -1;
  for (let i = 0; i <= values.length; i++) {
    const known = i < values.length && values[i] !== null;
    if (known && start < 0) start = i;
    if (!known && start >= 0) {
      found.push([start, i]);
      start = -1;
    }
  }
  return found;
}

/** Round values of an axis, at most `most`. */
export function ticks(low: number, high: number, most = 3): number[] {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9; value += step) found.push(Number(value.toPrecision(6)));
  return found;
}

/** A figure as it is told beside a curve. */
export function short(value: number): string {
  return Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(2);
}

/** The curve's value at the nearest point before a time. */
export function valueAt(curve: CurveData, timeSec: number): number | null {
  const { time_sec: times } = curve;
  const after = firstWhere(times.length, (i) => (times[i] as number) > timeSec);
  return after ? (curve.value[after - 1] ?? null) : null;
}
