/** Notes without a score, drawn like one: systems of some seconds, keys upwards, fingers beside. */

import { svg } from "../../shared/dom";
import { clockText } from "../../shared/text";
import { type ReviewData, UNSURE } from "../data";

const ROW = 9;
const TOP = 26;
const BLACK = new Set([1, 3, 6, 8, 10]);
/** Where time begins and how long a second is, in a system's own units. */
const MARGIN = 30;

export interface RollSystem {
  picture: SVGSVGElement;
  fromSec: number;
  toSec: number;
  /** Shares of the width where the time begins and ends. */
  fromX: number;
  toX: number;
}

/** Systems `seconds` long, `width` units wide. */
export function rollSystems(data: ReviewData, seconds: number, width: number): RollSystem[] {
  const { notes } = data;
  const systems: RollSystem[] = [];
  const last = Math.max(0, ...notes.onset_sec);
  for (let from = 0; from <= last; from += seconds) {
    const indices = notes.onset_sec.flatMap((onset, i) => {
      const held = onset < from && (notes.release_sec[i] ?? 0) > from + 0.1;
      return (onset >= from && onset < from + seconds) || held ? [i] : [];
    });
    if (!indices.length) continue;
    const picture = system(data, indices, from, seconds, width);
    systems.push({ picture, fromSec: from, toSec: from + seconds, fromX: MARGIN / width, toX: 1 });
  }
  return systems;
}

function system(data: ReviewData, indices: number[], from: number, seconds: number, width: number): SVGSVGElement {
  const { notes, fingers } = data;
  const pitches = indices.map((i) => notes.pitch[i] as number);
  const low = Math.min(...pitches) - 2;
  const high = Math.max(...pitches) + 2;
  const height = TOP + (high - low + 1) * ROW;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "roll" });
  const x = (timeSec: number) => MARGIN + ((timeSec - from) / seconds) * (width - MARGIN);
  const y = (pitch: number) => TOP + (high - pitch) * ROW;
  for (let pitch = low; pitch <= high; pitch++) {
    if (BLACK.has(pitch % 12)) picture.append(svg("rect", { class: "black", x: MARGIN, y: y(pitch), width: width - MARGIN, height: ROW }));
    if (pitch % 12 === 0) picture.append(svg("text", { class: "clock", x: 2, y: y(pitch) + ROW - 1, "font-size": 9 }, `C${pitch / 12 - 1}`));
  }
  for (let second = Math.ceil(from); second < from + seconds; second++) {
    picture.append(svg("path", { class: "second", d: `M${x(second).toFixed(1)} ${TOP - 6}V${height}` }));
    if (second % 2 === 0) picture.append(svg("text", { class: "clock", x: x(second) + 2, y: 10, "font-size": 9 }, clockText(second)));
  }
  for (const i of indices) {
    const start = Math.max(x(notes.onset_sec[i] as number), MARGIN);
    const end = Math.min(x(notes.release_sec[i] as number), width);
    const top = y(notes.pitch[i] as number);
    const hand = ["left", "right"][notes.hand[i] as number] ?? "unknown";
    picture.append(
      svg("g", { class: `note ${hand}`, "data-note": i }, svg("rect", {
        class: "notehead", x: start.toFixed(1), y: top + 0.5, width: Math.max(end - start, 3).toFixed(1), height: ROW - 1, rx: 1.5,
      })),
    );
    const played = fingers ? (notes.finger[i] as number) : 0;
    if (!fingers || start === MARGIN) continue;
    const unsure = (fingers.confidence[i] ?? 0) < UNSURE ? "?" : "";
    const text = `${played ? `${played}${unsure}` : ""}${fingers.flagged[i] ? `▸${fingers.suggested[i]}` : ""}`;
    const kind = fingers.flagged[i] ? "suggested" : unsure ? "unsure" : "";
    if (text)
      picture.append(svg("g", { class: `fing ${kind}` }, svg("text", { x: start, y: top - 0.5, "font-size": 9.5, "font-weight": 700 }, text)));
  }
  return picture;
}
