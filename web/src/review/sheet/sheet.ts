/** The score (or the roll in its place): fingers, marks, what sounds, and a cursor that follows. */

import { element, make, scrolling } from "../../shared/dom";
import { type Engraving, UNSURE } from "../data";
import type { Session } from "../session";
import { type Anchor, placeAt } from "./anchors";
import { noteText } from "./notetext";
import { rollSystems } from "./rollsheet";

const SUGGESTED_MARK = "▸";
/** A desk's and a phone's system of the roll: seconds, width. */
const ROLL_WIDE: [number, number] = [12, 860];
const ROLL_NARROW: [number, number] = [5, 380];

/** The systems of one width, and where in them time is. */
interface Layout {
  box: HTMLElement;
  systems: HTMLElement[];
  anchors: Anchor[];
  cursors: HTMLElement[];
}

export class Sheet {
  private readonly layouts: Layout[] = [];
  /** By what stands in `data-note`: the notes played there. */
  private readonly notesOf = new Map<string, number[]>();
  private readonly shapes = new Map<string, Element[]>();
  private sounding = new Set<string>();
  private shownSystem = -1;
  private readonly box = element("sheet");

  constructor(private readonly session: Session, engraving: Engraving | null) {
    const { data } = session;
    data.notes.number.forEach((number, i) => {
      const key = engraving ? (number >= 0 ? String(number) : "") : String(i);
      if (key) this.notesOf.set(key, [...(this.notesOf.get(key) ?? []), i]);
    });
    if (engraving?.font) document.head.append(make("style", "", engraving.font));
    element("music-heading").textContent = engraving ? "Score" : "Piano roll";
    for (const width of ["wide", "narrow"] as const) this.layouts.push(engraving ? this.engraved(engraving[width], width) : this.rolled(width));
    for (const shape of this.box.querySelectorAll("[data-note]")) {
      const key = shape.getAttribute("data-note") as string;
      this.shapes.set(key, [...(this.shapes.get(key) ?? []), shape]);
    }
    this.dressFingers();
    this.legend(Boolean(engraving));
    this.box.addEventListener("click", (event) => this.click(event));
    session.onDraw.push(() => this.follow());
    session.onChoose.push(() => this.lightUp());
    new ResizeObserver(() => session.refresh()).observe(this.box);
  }

  get systemCount(): number {
    return this.layouts[0]?.systems.length ?? 0;
  }

  private newLayout(width: string, pictures: Element[]): Layout {
    const box = make("div", width);
    const systems = pictures.map((picture) => make("div", "system", picture));
    box.append(...systems);
    this.box.append(box);
    const cursors = systems.map((system) => {
      const cursor = make("div", "cursor");
      cursor.hidden = true;
      system.append(cursor);
      return cursor;
    });
    return { box, systems, anchors: [], cursors };
  }

  private engraved(pictures: string[], width: string): Layout {
    const parser = new DOMParser();
    const layout = this.newLayout(width, pictures.map((text) => document.importNode(parser.parseFromString(text, "image/svg+xml").documentElement, true)));
    this.measured(layout, () => {
      const places = new Map<string, { system: number; x: number; y: number }>();
      layout.systems.forEach((system, at) => {
        const frame = system.getBoundingClientRect();
        for (const shape of system.querySelectorAll("[data-note]")) {
          const head = (shape.querySelector(".notehead") ?? shape).getBoundingClientRect();
          const place = { system: at, x: (head.x + head.width / 2 - frame.x) / frame.width, y: (head.y + head.height / 2 - frame.y) / frame.height };
          places.set(shape.getAttribute("data-note") as string, place);
        }
      });
      const { notes, missing } = this.session.data;
      notes.number.forEach((number, i) => {
        const place = places.get(String(number));
        if (place) layout.anchors.push({ timeSec: notes.onset_sec[i] as number, ...place });
      });
      layout.anchors.sort((a, b) => a.timeSec - b.timeSec || a.x - b.x);
      for (const { score_note: number, name } of missing) this.mark(layout, places.get(String(number)), "missing", "", `${name} was not played`);
      notes.mark.forEach((mark, i) => {
        const place = mark === "wrong" ? places.get(String(notes.number[i])) : mark === "extra" ? this.between(layout, notes.onset_sec[i] as number) : undefined;
        const say = mark === "wrong" ? `${notes.name[i]} was played here` : `${notes.name[i]} was played in addition`;
        if (place) this.mark(layout, place, mark, mark === "wrong" ? `${notes.name[i]}` : `+${notes.name[i]}`, say);
      });
    });
    return layout;
  }

  private rolled(width: string): Layout {
    const [seconds, units] = width === "wide" ? ROLL_WIDE : ROLL_NARROW;
    const systems = rollSystems(this.session.data, seconds, units);
    const layout = this.newLayout(width, systems.map((system) => system.picture));
    systems.forEach(({ fromSec, toSec, fromX, toX }, at) => {
      layout.anchors.push({ timeSec: fromSec, system: at, x: fromX }, { timeSec: toSec - 1e-3, system: at, x: toX });
    });
    return layout;
  }

  /** Measures a layout that may be the one that is not shown. */
  private measured(layout: Layout, measure: () => void): void {
    layout.box.classList.add("measured");
    measure();
    layout.box.classList.remove("measured");
  }

  private between(layout: Layout, timeSec: number): { system: number; x: number; y: number } | undefined {
    const place = placeAt(layout.anchors, timeSec);
    return place ? { ...place, y: 0.02 } : undefined;
  }

  private mark(layout: Layout, place: { system: number; x: number; y: number } | undefined, kind: string, text: string, say: string): void {
    if (!place) return;
    const mark = make("span", `mark ${kind}`, text && make("b", "", text));
    mark.title = say;
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", say);
    mark.style.left = `${(100 * place.x).toFixed(2)}%`;
    mark.style.top = `${(100 * place.y).toFixed(2)}%`;
    layout.systems[place.system]?.append(mark);
  }

  /** Tells fingers played, unsure, printed and suggested apart, by shape and colour. */
  private dressFingers(): void {
    const { fingers, notes } = this.session.data;
    for (const finger of this.box.querySelectorAll("[data-of]")) {
      const text = finger.querySelector("tspan.text > tspan, tspan, text");
      const word = finger.textContent ?? "";
      if (word.startsWith(SUGGESTED_MARK)) finger.classList.add("suggested");
      const indices = this.notesOf.get(finger.getAttribute("data-of") as string) ?? [];
      const seen = indices.filter((i) => notes.finger[i] === Number(word));
      if (!fingers || word.startsWith(SUGGESTED_MARK)) continue;
      if (!seen.length) finger.classList.add("printed");
      else if (Math.max(...seen.map((i) => fingers.confidence[i] ?? 0)) < UNSURE) {
        finger.classList.add("unsure");
        if (text) text.textContent = `${word}?`;
      } else if (seen.some((i) => fingers.flagged[i])) finger.classList.add("better");
    }
  }

  private legend(engraved: boolean): void {
    const { fingers, notes, missing } = this.session.data;
    const legend = element("legend");
    const entry = (sign: string, className: string, text: string) => legend.append(make("span", "", make("b", className, sign), ` ${text}`));
    if (fingers) {
      entry("3", "", "finger played");
      if (fingers.confidence.some((sure, i) => sure < UNSURE && notes.finger[i])) entry("3?", "unsure", "uncertain");
      if (fingers.flagged.some(Boolean)) entry("▸2", "suggested", "suggested");
    }
    if (!engraved) {
      if (notes.hand.includes(0)) entry("", "box left", "left hand");
      if (notes.hand.includes(1)) entry("", "box right", "right hand");
      return;
    }
    if (missing.length) entry("", "ring missing", "not played");
    if (notes.mark.includes("wrong")) entry("", "ring wrong", "another note was played");
    if (notes.mark.includes("extra")) entry("+F4", "extra", "played in addition");
  }

  /** The layout that can be seen. */
  private get layout(): Layout | undefined {
    return this.layouts.find(({ box }) => box.offsetParent !== null);
  }

  private follow(): void {
    const { session, layout } = this;
    this.lightSounding();
    if (!layout) return;
    const place = placeAt(layout.anchors, session.clock.time);
    layout.cursors.forEach((cursor, at) => {
      cursor.hidden = at !== place?.system;
      if (place && !cursor.hidden) cursor.style.left = `${(100 * place.x).toFixed(2)}%`;
    });
    if (place && place.system !== this.shownSystem) {
      this.shownSystem = place.system;
      this.reveal(layout.systems[place.system] as HTMLElement);
    }
  }

  /** Scrolls the sheet, and never the page, so that a system can be seen. */
  private reveal(system: HTMLElement): void {
    const { box } = this;
    if (box.scrollHeight <= box.clientHeight) return;
    const top = system.offsetTop - box.offsetTop;
    if (top < box.scrollTop || top + system.offsetHeight > box.scrollTop + box.clientHeight - 40)
      box.scrollTo({ top: Math.max(0, top - 24), behavior: scrolling() });
  }

  private lightSounding(): void {
    const { session } = this;
    const now = new Set<string>();
    for (const i of session.score.near(session.clock.time))
      if (session.score.isDown(i, session.clock.time)) {
        const key = this.keyOf(i);
        if (key) now.add(key);
      }
    for (const key of this.sounding) if (!now.has(key)) this.toggle(key, "sounding", false);
    for (const key of now) if (!this.sounding.has(key)) this.toggle(key, "sounding", true);
    this.sounding = now;
  }

  private keyOf(i: number): string {
    const { has_score: hasScore, notes } = this.session.data;
    if (!hasScore) return String(i);
    const number = notes.number[i] as number;
    return number >= 0 ? String(number) : "";
  }

  private toggle(key: string, name: string, on: boolean): void {
    for (const shape of this.shapes.get(key) ?? []) shape.classList.toggle(name, on);
  }

  /** Lights up the notes of the chosen remark. */
  private lightUp(): void {
    for (const shape of this.box.querySelectorAll(".marked")) shape.classList.remove("marked");
    for (const i of this.session.remark?.notes ?? []) {
      const key = this.keyOf(i);
      if (key) this.toggle(key, "marked", true);
    }
    this.shownSystem = -1;
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const shape = target.closest("[data-note], [data-of]");
    const key = shape?.getAttribute("data-note") ?? shape?.getAttribute("data-of");
    const indices = key ? this.notesOf.get(key) : undefined;
    if (indices?.length) {
      const { session } = this;
      const time = session.clock.time;
      const nearest = [...indices].sort((a, b) => Math.abs(session.score.onset(a) - time) - Math.abs(session.score.onset(b) - time))[0] as number;
      session.seek(session.score.onset(nearest));
      this.tell(nearest);
      return;
    }
    const system = target.closest<HTMLElement>(".system");
    const at = this.layout?.systems.indexOf(system as HTMLElement) ?? -1;
    if (!system || at < 0) return;
    const frame = system.getBoundingClientRect();
    const x = (event.clientX - frame.x) / frame.width;
    const here = this.layout?.anchors.filter((anchor) => anchor.system === at) ?? [];
    here.sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x));
    if (here[0]) this.session.seek(here[0].timeSec);
  }

  /** Says what is known of a note. */
  private tell(i: number): void {
    element("note-line").textContent = noteText(this.session.data, i);
  }
}
