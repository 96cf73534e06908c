/** One curve over the whole take as a drawing for paper. */

import { clockText } from "../text";
import type { CurveData, ReviewData } from "./data";
import { make, svg } from "./dom";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 104, 44, 18, 8];

export function showCharts(data: ReviewData, box: HTMLElement): void {
  for (const curve of data.curves) {
    const [low, high] = rangeOf(curve);
    if (high <= low) continue;
    box.append(make("figure", "", make("figcaption", "", curve.label, curve.unit && make("small", "", ` ${curve.unit}`)), chart(data, curve, low, high)));
  }
}

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

function chart(data: ReviewData, curve: CurveData, low: number, high: number): SVGSVGElement {
  const x = (timeSec: number) => LEFT + (timeSec / Math.max(data.duration_sec, 1e-3)) * (WIDTH - LEFT - 4);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart" });
  for (const value of ticks(low, high))
    picture.append(
      svg("path", { class: "grid", d: `M${LEFT} ${y(value).toFixed(1)}H${WIDTH}` }),
      svg("text", { x: LEFT - 5, y: y(value) + 3, "text-anchor": "end", "font-size": 9 }, String(value)),
    );
  const marks = data.has_score ? data.bars.map((bar) => [bar.start_sec, bar.name] as const) : times(data.duration_sec);
  const every = Math.ceil(marks.length / 24);
  marks.forEach(([timeSec, name], i) => {
    picture.append(svg("path", { class: "grid", d: `M${x(timeSec).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}` }));
    if (i % every === 0) picture.append(svg("text", { x: x(timeSec), y: HEIGHT - 5, "text-anchor": x(timeSec) > WIDTH - 20 ? "end" : "middle", "font-size": 9 }, name));
  });
  const line = (values: readonly (number | null)[]) =>
    runs(values).map(([from, to]) => {
      const points = [];
      for (let i = from; i < to; i++) points.push(`${x(curve.time_sec[i] as number).toFixed(1)} ${y(values[i] as number).toFixed(1)}`);
      return `M${points.join("L")}`;
    }).join("");
  for (const [from, to] of curve.low.length && curve.high.length ? runs(curve.value) : []) {
    const points = [];
    for (let i = from; i < to; i++) points.push([curve.time_sec[i], curve.high[i]]);
    for (let i = to - 1; i >= from; i--) points.push([curve.time_sec[i], curve.low[i]]);
    const known = points.filter((point): point is [number, number] => point[1] !== null && point[1] !== undefined);
    picture.append(svg("path", { class: "band", d: `M${known.map(([t, v]) => `${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("L")}Z` }));
  }
  if (curve.reference.length) picture.append(svg("path", { class: "reference", d: line(curve.reference) }));
  picture.append(svg("path", { class: "line", d: line(curve.value) }));
  return picture;
}

function times(durationSec: number): [number, string][] {
  return ticks(0, durationSec, 12).map((timeSec) => [timeSec, clockText(timeSec)]);
}
