/** Buttons, sliders and keys: everything the listener can do to the player. */

import { SKIN_TONES } from "../hands/palette";
import type { CameraName } from "../hands/stage";
import type { PageData } from "../shared/data";
import { element } from "../shared/dom";
import { clockText } from "../shared/text";
import type { Player } from "./player";

const CAMERAS: CameraName[] = ["overhead", "player", "side"];

export class Controls {
  private volume = 1;
  private muted = false;
  private readonly now = element("now");
  private readonly pedal = element("pedal");
  private readonly pedalFill = element("pedal-fill");
  private readonly playButton = element("play");

  constructor(private readonly player: Player, data: PageData) {
    this.heading(data);
    this.transport();
    this.view();
    this.dialogs(data);
    document.addEventListener("keydown", (event) => this.key(event));
    this.refresh();
  }

  private heading(data: PageData): void {
    element("title").textContent = data.title;
    element("subtitle").textContent = data.subtitle;
    const chips = element("chips");
    const chip = (text: string, mark?: string) => {
      const item = document.createElement("li");
      if (mark) {
        const dot = document.createElement("i");
        dot.className = mark;
        item.append(dot);
      }
      item.append(text);
      chips.append(item);
    };
    const count = (hand: number) => data.notes.hand.filter((value) => value === hand).length;
    const [left, right, all] = [count(0), count(1), data.notes.hand.length];
    if (left) chip(`left ${left}`, "left");
    if (right) chip(`right ${right}`, "right");
    chip(`${all} note${all === 1 ? "" : "s"}`);
    for (const text of data.chips) chip(text);
  }

  private transport(): void {
    const { player } = this;
    const { clock } = player;
    this.playButton.addEventListener("click", () => this.toggle());
    element("loop-a").addEventListener("click", () => this.loopEdge("fromSec"));
    element("loop-b").addEventListener("click", () => this.loopEdge("toSec"));
    element("loop").addEventListener("click", () => this.toggleLoop());
    const speed = element<HTMLInputElement>("speed");
    speed.addEventListener("input", () => this.setSpeed(Number(speed.value)));
    const volume = element<HTMLInputElement>("volume");
    volume.addEventListener("input", () => {
      this.volume = Number(volume.value);
      this.muted = false;
      this.applyVolume();
    });
    element("mute").addEventListener("click", () => this.toggleMute());
    if (!clock.hasSound) {
      for (const id of ["mute", "volume"]) element<HTMLButtonElement>(id).disabled = true;
      element("mute").setAttribute("aria-pressed", "true");
      element("mute").title = "This page holds no sound";
    }
    player.overview.onSeek = (timeSec) => player.seek(timeSec);
  }

  private view(): void {
    const { player } = this;
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-camera]"))
      button.addEventListener("click", () => this.camera(button.dataset.camera as CameraName));
    const menu = element("menu");
    const show = element("show");
    const open = (on: boolean): void => {
      menu.hidden = !on;
      show.setAttribute("aria-expanded", String(on));
    };
    show.addEventListener("click", (event) => {
      open(menu.hidden !== false);
      if (!menu.hidden && event.detail === 0) menu.querySelector("input")?.focus(); // by keyboard
    });
    menu.addEventListener("focusout", (event) => {
      const next = event.relatedTarget as Node | null;
      if (next && next !== show && !menu.contains(next)) open(false);
    });
    document.addEventListener("pointerdown", (event) => {
      if (!menu.contains(event.target as Node) && event.target !== show) open(false);
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      open(false);
      show.focus();
    });
    const bind = (id: string, apply: (on: boolean) => void) => {
      const box = element<HTMLInputElement>(id);
      box.addEventListener("change", () => {
        apply(box.checked);
        player.refresh();
      });
    };
    bind("show-notes", (on) => player.showNotes(on));
    bind("show-fingers", (on) => player.showFingers(on));
    bind("show-left", (on) => player.showHand(0, on));
    bind("show-right", (on) => player.showHand(1, on));
    bind("follow", (on) => player.follow(on));
    element<HTMLInputElement>("follow").checked = player.following;
    player.onFollow = (on) => {
      element<HTMLInputElement>("follow").checked = on;
    };
    this.skins();
    const full = element("fullscreen");
    if (!document.fullscreenEnabled) full.hidden = true;
    full.addEventListener("click", () => this.fullscreen());
  }

  private skins(): void {
    const skins = element("skins");
    const choose = (tone: string) => {
      this.player.setSkinTone(tone);
      for (const button of skins.children) button.setAttribute("aria-checked", String(button.getAttribute("data-tone") === tone));
      remember("duemani.skin", tone);
    };
    SKIN_TONES.forEach((tone, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.tone = tone;
      button.setAttribute("role", "radio");
      button.setAttribute("aria-label", `Skin tone ${i + 1} of ${SKIN_TONES.length}`);
      button.style.backgroundColor = tone;
      button.addEventListener("click", () => choose(tone));
      skins.append(button);
    });
    const before = recall("duemani.skin");
    choose(before && SKIN_TONES.includes(before) ? before : (SKIN_TONES[1] as string));
  }

  private dialogs(data: PageData): void {
    for (const name of ["help", "about"])
      element(name).addEventListener("click", () => element<HTMLDialogElement>(`${name}-dialog`).showModal());
    const list = element("provenance");
    for (const [name, value] of data.facts) {
      const row = document.createElement("div");
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      text.textContent = value;
      row.append(term, text);
      list.append(row);
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    const slider = target instanceof HTMLInputElement && target.type === "range";
    if (slider && event.key.startsWith("Arrow")) return;
    if (event.key === " " && target.closest("button, input")) return;
    const { player } = this;
    const { clock } = player;
    const step = event.shiftKey ? 1 : 5;
    const actions: Record<string, () => void> = {
      " ": () => this.toggle(),
      ArrowLeft: () => player.seek(clock.time - step),
      ArrowRight: () => player.seek(clock.time + step),
      ArrowUp: () => this.setSpeed(clock.rate + 0.05),
      ArrowDown: () => this.setSpeed(clock.rate - 0.05),
      Home: () => player.seek(0),
      End: () => player.seek(clock.durationSec),
      ",": () => player.seek(clock.time - 1 / 30),
      ".": () => player.seek(clock.time + 1 / 30),
      "[": () => this.loopEdge("fromSec"),
      "]": () => this.loopEdge("toSec"),
      l: () => this.toggleLoop(),
      m: () => this.toggleMute(),
      n: () => element("show-notes").click(),
      g: () => element("show-fingers").click(),
      f: () => this.fullscreen(),
      "?": () => element("help").click(),
    };
    const digit = CAMERAS[Number(event.key) - 1];
    const action = digit ? () => this.camera(digit) : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
    player.refresh();
  }

  private toggle(): void {
    const { clock } = this.player;
    if (clock.playing) clock.pause();
    else clock.play();
    this.player.refresh();
  }

  private loopEdge(edge: "fromSec" | "toSec"): void {
    const { loop, time, durationSec } = this.player.clock;
    loop[edge] = time;
    const [from, to] = [loop.fromSec ?? 0, loop.toSec ?? durationSec];
    if (to - from < 0.1) loop[edge === "fromSec" ? "toSec" : "fromSec"] = null;
    loop.on = loop.toSec !== null || loop.fromSec !== null;
    this.player.refresh();
  }

  private toggleLoop(): void {
    const { loop } = this.player.clock;
    loop.on = !loop.on; // its ends stay for the next time
    this.player.refresh();
  }

  private setSpeed(rate: number): void {
    const { clock } = this.player;
    clock.setRate(Math.round(rate * 20) / 20);
    element<HTMLInputElement>("speed").value = String(clock.rate);
    element("speed-value").textContent = `${Number(clock.rate.toFixed(2))}×`;
  }

  private toggleMute(): void {
    if (!this.player.clock.hasSound) return;
    this.muted = !this.muted;
    this.applyVolume();
  }

  private applyVolume(): void {
    this.player.clock.setVolume(this.volume, this.muted);
    element("mute").setAttribute("aria-pressed", String(this.muted || this.volume === 0));
  }

  private fullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen?.().catch(() => undefined);
  }

  camera(name: CameraName): void {
    this.player.setCamera(name);
    this.refresh();
  }

  /** Brings what the controls show up to the player's state; called once a drawn frame. */
  refresh(): void {
    const { clock, cameraName } = this.player;
    this.now.textContent = clockText(clock.time, true);
    element("length").textContent = ` / ${clockText(clock.durationSec)}`;
    this.playButton.classList.toggle("playing", clock.playing);
    this.playButton.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-camera]"))
      button.setAttribute("aria-pressed", String(button.dataset.camera === cameraName));
    element("loop").setAttribute("aria-pressed", String(clock.loop.on));
    element("loop-a").classList.toggle("set", clock.loop.fromSec !== null);
    element("loop-b").classList.toggle("set", clock.loop.toSec !== null);
    const pedal = this.player.score.pedal(clock.time);
    this.pedalFill.style.transform = `scaleY(${pedal.toFixed(3)})`;
    const down = pedal >= 0.5;
    if (this.pedal.classList.toggle("down", down) !== (this.pedal.ariaLabel === "Sustain pedal down"))
      this.pedal.ariaLabel = down ? "Sustain pedal down" : "Sustain pedal up";
  }
}

/** A page opened from a file may have no storage: preferences are then simply not kept. */
function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    return;
  }
}

function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

