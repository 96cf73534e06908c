/** One curve over the whole take as a drawing for paper. */

import { make, svg } from "../shared/dom";
import { clockText } from "../shared/text";
import { rangeOf, runs, ticks } from "./curves";
import type { CurveData, ReviewData } from "./data";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 104, 44, 18, 8];

export function showCharts(data: ReviewData, box: HTMLElement): void {
  for (const curve of data.curves) {
    const [low, high] = rangeOf(curve);
    if (high <= low) continue;
    box.append(make("figure", "", make("figcaption", "", curve.label, curve.unit && make("small", "", ` ${curve.unit}`)), chart(data, curve, low, high)));
  }
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
