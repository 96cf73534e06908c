/** The whole piece as a strip of notes: where it is, a click to go elsewhere, and the loop. */

import { HAND_CSS, UNKNOWN_CSS } from "../hands/palette";
import type { Score } from "../hands/score";
import type { Clock } from "../shared/clock";
import { clockText } from "../shared/text";

export class Overview {
  onSeek: (timeSec: number) => void = () => {};
  private readonly canvas: HTMLCanvasElement;
  private readonly playhead: HTMLElement;
  private readonly range: HTMLElement;
  private spoken = -1;

  constructor(private readonly strip: HTMLElement, private readonly score: Score, private readonly clock: Clock) {
    this.canvas = strip.querySelector("canvas") as HTMLCanvasElement;
    this.playhead = strip.querySelector("#playhead") as HTMLElement;
    this.range = strip.querySelector("#loop-range") as HTMLElement;
    const seek = (event: PointerEvent) => {
      const box = strip.getBoundingClientRect();
      this.onSeek(((event.clientX - box.left) / box.width) * clock.durationSec);
    };
    strip.addEventListener("pointerdown", (event) => {
      strip.setPointerCapture(event.pointerId);
      seek(event);
    });
    strip.addEventListener("pointermove", (event) => {
      if (strip.hasPointerCapture(event.pointerId)) seek(event);
    });
  }

  draw(): void {
    const { canvas, score, clock } = this;
    const ratio = Math.min(devicePixelRatio, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    if (!context || !score.count) return;
    let [low, high] = [87, 0];
    for (let i = 0; i < score.count; i++) [low, high] = [Math.min(low, score.key(i)), Math.max(high, score.key(i))];
    const scale = width / Math.max(clock.durationSec, 0.001);
    const row = (height - 8 * ratio) / Math.max(high - low + 1, 12);
    for (let i = 0; i < score.count; i++) {
      context.fillStyle = HAND_CSS[score.hand(i)] ?? UNKNOWN_CSS;
      context.globalAlpha = 0.5 + (0.5 * score.velocity(i)) / 127;
      const x = score.onset(i) * scale;
      const y = height - 4 * ratio - (score.key(i) - low + 1) * row;
      context.fillRect(x, y, Math.max((score.release(i) - score.onset(i)) * scale, 1.1 * ratio), Math.max(row, 1.4 * ratio));
    }
    this.strip.setAttribute("aria-valuemax", clock.durationSec.toFixed(0));
  }

  update(): void {
    const { clock } = this;
    const share = (timeSec: number) => `${((100 * timeSec) / Math.max(clock.durationSec, 0.001)).toFixed(3)}%`;
    this.playhead.style.left = share(clock.time);
    const { on, fromSec, toSec } = clock.loop;
    this.range.hidden = !on && fromSec === null && toSec === null;
    this.range.style.left = share(fromSec ?? 0);
    this.range.style.right = share(clock.durationSec - (toSec ?? clock.durationSec));
    this.range.style.opacity = on ? "1" : "0.45";
    const second = Math.floor(clock.time);
    if (second === this.spoken) return;
    this.spoken = second;
    this.strip.setAttribute("aria-valuenow", String(second));
    this.strip.setAttribute("aria-valuetext", `${clockText(clock.time)} of ${clockText(clock.durationSec)}`);
  }
}
