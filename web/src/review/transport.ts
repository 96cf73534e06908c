/** One transport for sound, film, score, roll and hands; and the keyboard. */

import type { CameraName } from "../hands/stage";
import { element, make } from "../shared/dom";
import { clockText } from "../shared/text";
import type { Remarks } from "./remarks";
import type { Session } from "./session";
import type { Views } from "./views";

const CAMERAS: CameraName[] = ["overhead", "player", "side"];

export class Transport {
  private muted = false;
  private spoken = -1;
  private readonly playButton = element("play");

  constructor(private readonly session: Session, private readonly remarks: Remarks, private readonly views: Views) {
    const { clock, data } = session;
    this.playButton.addEventListener("click", () => this.toggle());
    element("loop-bar").addEventListener("click", () => session.toggleLoop());
    element("mute").addEventListener("click", () => this.mute());
    const speed = element<HTMLInputElement>("speed");
    speed.addEventListener("input", () => this.setSpeed(Number(speed.value)));
    element("sound-note").textContent = data.media.sound ? `Sound: ${data.media.sound}` : "no sound";
    if (!clock.hasSound) element<HTMLButtonElement>("mute").disabled = true;
    this.seekBar();
    this.dialogs();
    document.addEventListener("keydown", (event) => this.key(event));
    session.onDraw.push(() => this.refresh());
    session.onChoose.push(() => this.marks());
    this.marks();
  }

  private seekBar(): void {
    const { session } = this;
    const bar = element("seek");
    const seek = (event: PointerEvent) => {
      const box = bar.getBoundingClientRect();
      session.seek(((event.clientX - box.left) / box.width) * session.clock.durationSec);
    };
    bar.addEventListener("pointerdown", (event) => {
      bar.setPointerCapture(event.pointerId);
      seek(event);
    });
    bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && seek(event));
  }

  /** Remarks on the bar of time. */
  private marks(): void {
    const { data, clock, chosen } = this.session;
    element("marks").replaceChildren(...data.remarks.map((remark, index) => {
      const mark = make("i", `${remark.praise ? "praise" : ""} ${index === chosen ? "chosen" : ""}`);
      mark.style.left = `${((100 * remark.start_sec) / Math.max(clock.durationSec, 1e-3)).toFixed(2)}%`;
      return mark;
    }));
  }

  private dialogs(): void {
    for (const name of ["help", "about"])
      element(name).addEventListener("click", () => element<HTMLDialogElement>(`${name}-dialog`).showModal());
    element("print").addEventListener("click", () => print());
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    if (target.closest("select, input[type=text]")) return;
    if (target instanceof HTMLInputElement && event.key.startsWith("Arrow")) return;
    if (event.key === " " && target.closest("button, summary")) return;
    const { session } = this;
    const { clock } = session;
    const step = event.shiftKey ? 1 : 5;
    const actions: Record<string, () => void> = {
      " ": () => this.toggle(),
      ArrowLeft: () => session.seek(clock.time - step),
      ArrowRight: () => session.seek(clock.time + step),
      ArrowUp: () => this.setSpeed(clock.rate + 0.05),
      ArrowDown: () => this.setSpeed(clock.rate - 0.05),
      ",": () => session.seek(clock.time - 1 / 30),
      ".": () => session.seek(clock.time + 1 / 30),
      Escape: () => session.choose(null),
      Home: () => session.seek(0),
      End: () => session.seek(clock.durationSec),
      "[": () => session.setLoopEnd("fromSec"),
      "]": () => session.setLoopEnd("toSec"),
      j: () => this.remarks.step(1),
      k: () => this.remarks.step(-1),
      n: () => this.views.toggleNotes(),
      g: () => this.views.toggleFingers(),
      l: () => session.toggleLoop(),
      c: () => this.views.canCompare && void this.views.show("compare"),
      m: () => this.mute(),
      "?": () => element("help").click(),
    };
    const camera = CAMERAS[Number(event.key) - 1];
    const action = camera ? () => this.views.setCamera(camera) : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
    session.refresh();
  }

  private toggle(): void {
    const { clock } = this.session;
    if (clock.playing) clock.pause();
    else clock.play();
    this.session.refresh();
  }

  private setSpeed(rate: number): void {
    const { clock } = this.session;
    clock.setRate(Math.min(Math.round(rate * 20) / 20, 1));
    element<HTMLInputElement>("speed").value = String(clock.rate);
    element("speed-value").textContent = `${Number(clock.rate.toFixed(2))}×`;
  }

  private mute(): void {
    const { clock } = this.session;
    if (!clock.hasSound) return;
    this.muted = !this.muted;
    clock.setVolume(1, this.muted);
    element("mute").setAttribute("aria-pressed", String(this.muted));
  }

  private refresh(): void {
    const { clock } = this.session;
    element("now").textContent = clockText(clock.time, true);
    element("length").textContent = ` / ${clockText(clock.durationSec)}`;
    this.playButton.classList.toggle("playing", clock.playing);
    this.playButton.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    const share = (timeSec: number) => `${((100 * timeSec) / Math.max(clock.durationSec, 1e-3)).toFixed(3)}%`;
    element("knob").style.left = element("played").style.width = share(clock.time);
    const { on, fromSec, toSec } = clock.loop;
    const range = element("loop-range");
    range.hidden = !on;
    range.style.left = share(fromSec ?? 0);
    range.style.right = share(clock.durationSec - (toSec ?? clock.durationSec));
    element("loop-bar").setAttribute("aria-pressed", String(on));
    element("loop-text").textContent = this.loopText();
    const second = Math.floor(clock.time);
    if (second === this.spoken) return;
    this.spoken = second;
    const seek = element("seek");
    seek.setAttribute("aria-valuemax", clock.durationSec.toFixed(0));
    seek.setAttribute("aria-valuenow", String(second));
    seek.setAttribute("aria-valuetext", `${clockText(clock.time)} of ${clockText(clock.durationSec)}`);
  }

  private loopText(): string {
    const { session } = this;
    const { bars, has_score: hasScore } = session.data;
    const { on, fromSec, toSec } = session.clock.loop;
    if (!hasScore || !bars.length) return on ? "Looping" : "Loop here";
    if (!on) return `Loop bar ${bars[session.barAt(session.clock.time)]?.name ?? ""}`;
    const first = bars[session.barAt(fromSec ?? 0)]?.name ?? "";
    const last = bars[session.barAt(Math.max(fromSec ?? 0, (toSec ?? session.clock.durationSec) - 0.05))]?.name ?? "";
    return first === last ? `Looping bar ${first}` : `Looping bars ${first}–${last}`;
  }
}
