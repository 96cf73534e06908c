/** Piano roll and curves on one time axis; what is seen is a window that follows the music. */

import { element, make } from "../shared/dom";
import { clockText } from "../shared/text";
import { rangeOf, runs, short, ticks, valueAt } from "./curves";
import { type CurveData, UNSURE } from "./data";
import type { Session } from "./session";
import { colours } from "./theme";

const [LEFT, RIGHT, AXIS, GAP, CURVE, ROLL] = [46, 8, 20, 12, 84, 190];
const WHOLE_SEC = 45;
const SHORTEST_SEC = 3;
/** A note this wide has room for its finger [px a second]. */
const FINGER_PX = 22;

export class Timeline {
  private readonly canvas = element<HTMLCanvasElement>("lanes");
  private readonly context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
  private windowSec: number;
  private fromSec = 0;
  private readonly ranges: [number, number][];
  private readonly curves: CurveData[];
  private readonly marked = new Set<number>();
  private drawn = "";

  constructor(private readonly session: Session) {
    const { data, clock } = session;
    this.curves = data.curves.filter((curve) => rangeOf(curve)[1] > rangeOf(curve)[0]);
    this.ranges = this.curves.map(rangeOf);
    this.windowSec = Math.min(Math.max(clock.durationSec, SHORTEST_SEC), clock.durationSec > 1.5 * WHOLE_SEC ? 30 : clock.durationSec);
    element("timeline").hidden = !data.notes.pitch.length && !this.curves.length;
    const legend = element("curve-legend");
    if (this.curves.some((curve) => curve.low.length)) legend.append(make("span", "", make("b", "box band"), " where it probably lies"));
    if (this.curves.some((curve) => curve.reference.length)) legend.append(make("span", "", make("b", "dash"), " reference"));
    const { canvas } = this;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Piano roll${this.curves.map((curve) => `, ${curve.label}`).join("")} over time; the table below has the figures`);
    canvas.addEventListener("pointerdown", (event) => this.pointer(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element("zoom-in").addEventListener("click", () => this.zoom(0.5));
    element("zoom-out").addEventListener("click", () => this.zoom(2));
    element("zoom-all").addEventListener("click", () => this.zoom(Infinity));
    session.onDraw.push(() => this.follow());
    session.onChoose.push(() => {
      this.marked.clear();
      for (const i of session.remark?.notes ?? []) this.marked.add(i);
      if (session.remark) this.reveal(session.clock.loop.fromSec ?? 0, session.clock.loop.toSec ?? 0);
      this.drawn = "";
    });
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  redraw(): void {
    this.drawn = "";
    this.follow();
  }

  private zoom(factor: number): void {
    const { clock } = this.session;
    const middle = Math.min(Math.max(clock.time, this.fromSec), this.fromSec + this.windowSec);
    const share = (middle - this.fromSec) / this.windowSec;
    this.windowSec = Math.min(Math.max(this.windowSec * factor, SHORTEST_SEC), Math.max(clock.durationSec, SHORTEST_SEC));
    this.pan(middle - share * this.windowSec);
  }

  private pan(fromSec: number): void {
    this.fromSec = Math.min(Math.max(fromSec, 0), Math.max(0, this.session.clock.durationSec - this.windowSec));
    this.redraw();
  }

  private reveal(fromSec: number, toSec: number): void {
    if (fromSec < this.fromSec || toSec > this.fromSec + this.windowSec) this.pan(fromSec - 0.15 * this.windowSec);
  }

  private pointer(event: PointerEvent): void {
    const { canvas, session } = this;
    const seek = (at: PointerEvent) => session.seek(this.timeAt(at.offsetX));
    canvas.setPointerCapture(event.pointerId);
    seek(event);
    canvas.onpointermove = (at) => canvas.hasPointerCapture(at.pointerId) && seek(at);
    canvas.onpointerup = canvas.onpointercancel = () => (canvas.onpointermove = null);
  }

  private wheel(event: WheelEvent): void {
    if (event.ctrlKey) this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(this.fromSec + (event.deltaX / this.canvas.clientWidth) * this.windowSec);
    else return; // the page scrolls
    event.preventDefault();
  }

  private x(timeSec: number): number {
    return LEFT + ((timeSec - this.fromSec) / this.windowSec) * (this.canvas.clientWidth - LEFT - RIGHT);
  }

  private timeAt(x: number): number {
    return this.fromSec + ((x - LEFT) / (this.canvas.clientWidth - LEFT - RIGHT)) * this.windowSec;
  }

  private follow(): void {
    const { clock } = this.session;
    if (clock.playing && (clock.time > this.fromSec + 0.92 * this.windowSec || clock.time < this.fromSec))
      this.fromSec = Math.min(Math.max(clock.time - 0.1 * this.windowSec, 0), Math.max(0, clock.durationSec - this.windowSec));
    const state = [this.fromSec, this.windowSec, clock.time, clock.loop.fromSec, clock.loop.toSec, clock.durationSec].join();
    if (state === this.drawn) return;
    this.drawn = state;
    this.draw();
  }

  private draw(): void {
    const { canvas, context: c, curves, session } = this;
    const { clock, data } = session;
    const hasNotes = data.notes.pitch.length > 0;
    const height = AXIS + (hasNotes ? ROLL + GAP : 0) + curves.length * (CURVE + GAP);
    canvas.style.height = `${height}px`;
    const width = canvas.clientWidth;
    if (!width) return;
    const ratio = Math.min(devicePixelRatio, 2.5);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const colour = colours();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const { fromSec: from, toSec: to, on } = clock.loop;
    if (on && from !== null && to !== null) {
      c.fillStyle = colour("chosen-wash");
      c.fillRect(this.x(from), 0, this.x(to) - this.x(from), height);
    }
    this.axis(colour, height);
    c.save();
    c.beginPath();
    c.rect(LEFT, 0, width - LEFT - RIGHT + 1, height);
    c.clip();
    if (hasNotes) this.roll(colour, AXIS);
    c.restore();
    curves.forEach((curve, i) => {
      this.curve(curve, this.ranges[i] as [number, number], AXIS + (hasNotes ? ROLL + GAP : 0) + i * (CURVE + GAP), colour);
    });
    const x = this.x(clock.time);
    if (x >= LEFT - 1 && x <= width - RIGHT + 1) {
      c.fillStyle = colour("cursor");
      c.fillRect(x - 1, 0, 2, height);
    }
  }

  /** Lines at the bars, or at round times. */
  private axis(colour: (name: string) => string, height: number): void {
    const { context: c, session } = this;
    const { bars, has_score: hasScore } = session.data;
    const room = this.canvas.clientWidth - LEFT - RIGHT;
    const marks = hasScore
      ? bars.map((bar) => [bar.start_sec, bar.name] as const)
      : ticks(this.fromSec, this.fromSec + this.windowSec, Math.max(2, Math.floor(room / 90))).map((t) => [t, clockText(t, this.windowSec < 8)] as const);
    c.font = "11px system-ui, sans-serif";
    c.textAlign = "left";
    let free = LEFT - 20;
    for (const [timeSec, name] of marks) {
      const x = this.x(timeSec);
      if (x < LEFT - 1 || x > LEFT + room) continue;
      c.fillStyle = colour("line");
      c.fillRect(x, 4, 1, height - 4);
      if (x < free || x + 3 + c.measureText(name).width > LEFT + room + RIGHT) continue;
      c.fillStyle = colour("quiet");
      c.fillText(name, x + 3, 13);
      free = x + c.measureText(name).width + 16;
    }
    c.fillStyle = colour("quiet");
    c.fillText(hasScore ? "bar" : "time", 4, 13);
  }

  private roll(colour: (name: string) => string, top: number): void {
    const { context: c, session, windowSec, fromSec } = this;
    const { notes, fingers } = session.data;
    let [low, high] = [127, 0];
    for (const pitch of notes.pitch) [low, high] = [Math.min(low, pitch), Math.max(high, pitch)];
    [low, high] = [low - 2, Math.max(high + 2, low + 14)];
    const row = ROLL / (high - low + 1);
    const perSec = (this.canvas.clientWidth - LEFT - RIGHT) / windowSec;
    const ends = fromSec + windowSec;
    const hands = [colour("left"), colour("right"), colour("unknown")];
    const time = session.clock.time;
    const labels: [number, number, string, string][] = [];
    for (let i = 0; i < notes.pitch.length; i++) {
      const onset = notes.onset_sec[i] as number;
      if (onset > ends) break;
      const release = notes.release_sec[i] as number;
      if (release < fromSec) continue;
      const x = this.x(onset);
      const y = top + (high - (notes.pitch[i] as number)) * row;
      const width = Math.max((release - onset) * perSec - 0.6, 2);
      const down = onset <= time && time < release;
      c.globalAlpha = down ? 1 : 0.45 + (0.5 * (notes.velocity[i] as number)) / 127;
      c.fillStyle = hands[notes.hand[i] as number] ?? (hands[2] as string);
      c.fillRect(x, y, width, Math.max(row - 0.5, 3));
      c.globalAlpha = 1;
      if (this.marked.has(i) || notes.mark[i]) {
        c.strokeStyle = this.marked.has(i) ? colour("ink") : colour("wrong");
        c.lineWidth = 2;
        c.strokeRect(x - 1.5, y - 1.5, width + 3, Math.max(row - 0.5, 3) + 3);
      }
      if (!fingers || perSec < FINGER_PX || x < LEFT) continue;
      const finger = notes.finger[i] as number;
      const unsure = (fingers.confidence[i] ?? 0) < UNSURE;
      const text = finger ? `${finger}${unsure ? "?" : ""}` : "";
      const better = fingers.flagged[i] ? `▸${fingers.suggested[i]}` : "";
      if (better) labels.unshift([x + (text ? 8 : 0), y, better, "suggested"]); // these come first where room is short
      if (text) labels.push([x, y, text, unsure ? "quiet" : "ink"]);
    }
    c.textAlign = "left";
    c.lineJoin = "round";
    c.strokeStyle = colour("paper");
    c.lineWidth = 3;
    const placed: [number, number][] = [];
    for (const [x, y, text, name] of labels) {
      if (placed.some(([px, py]) => Math.abs(px - x) < 8 && Math.abs(py - y) < 10)) continue;
      placed.push([x, y]);
      c.font = `${name === "suggested" ? 800 : 600} 11px system-ui, sans-serif`;
      c.fillStyle = colour(name);
      c.strokeText(text, x, y - 1.5);
      c.fillText(text, x, y - 1.5);
    }
  }

  private curve(curve: CurveData, [low, high]: [number, number], top: number, colour: (name: string) => string): void {
    const { context: c, session } = this;
    const right = this.canvas.clientWidth - RIGHT;
    const bottom = top + CURVE;
    const y = (value: number) => top + 15 + ((high - value) / (high - low)) * (CURVE - 18);
    c.font = "11px system-ui, sans-serif";
    for (const value of ticks(low, high, 2)) {
      c.fillStyle = colour("line");
      c.fillRect(LEFT, y(value), right - LEFT, 1);
      c.fillStyle = colour("quiet");
      c.textAlign = "right";
      c.fillText(String(value), LEFT - 6, y(value) + 4);
    }
    c.save();
    c.beginPath();
    c.rect(LEFT, top, right - LEFT, bottom - top + 2);
    c.clip();
    const trace = (values: readonly (number | null)[], from: number, to: number) => {
      c.beginPath();
      for (let i = from; i < to; i++) c.lineTo(this.x(curve.time_sec[i] as number), y(values[i] as number));
    };
    if (curve.low.length && curve.high.length)
      for (const [from, to] of runs(curve.value.map((value, i) => (value === null || curve.low[i] === null || curve.high[i] === null ? null : value)))) {
        trace(curve.high, from, to);
        for (let i = to - 1; i >= from; i--) c.lineTo(this.x(curve.time_sec[i] as number), y(curve.low[i] as number));
        c.fillStyle = colour("band");
        c.fill();
      }
    c.lineJoin = "round";
    for (const [values, name, dash, thick] of [[curve.reference, "quiet", [4, 4], 1.4], [curve.value, "curve", [], 2]] as const)
      for (const [from, to] of runs(values)) {
        trace(values, from, to);
        c.strokeStyle = colour(name);
        c.setLineDash([...dash]);
        c.lineWidth = thick;
        c.stroke();
      }
    c.setLineDash([]);
    c.restore();
    const now = valueAt(curve, session.clock.time);
    c.textAlign = "left";
    c.font = "600 12px system-ui, sans-serif";
    c.strokeStyle = colour("paper");
    c.lineWidth = 3;
    const label = `${curve.label} `;
    c.strokeText(label, LEFT + 4, top + 10);
    c.fillStyle = colour("ink");
    c.fillText(label, LEFT + 4, top + 10);
    const after = LEFT + 4 + c.measureText(label).width;
    c.font = "11px system-ui, sans-serif";
    const unit = `${now === null ? "–" : short(now)} ${curve.unit}`;
    c.strokeText(unit, after + 2, top + 10);
    c.fillStyle = colour("quiet");
    c.fillText(unit, after + 2, top + 10);
  }
}
