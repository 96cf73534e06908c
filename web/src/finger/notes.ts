/** The score's notes and fingers: coloured by confidence, chosen by click, Tab and arrow keys. */

import { scrolling } from "../shared/dom";
import { confidence, type FingerData, type NoteData, neighbour, spoken } from "./data";
import { hidePanel, showPanel } from "./panel";

/** Score shapes: a finger names its note in `data-of`, a note itself in `data-note`. */
type Shape = SVGElement;

export class Notes {
  /** The chosen note's number. */
  current: number | null = null;

  constructor(private readonly data: FingerData) {
    for (const shape of document.querySelectorAll<Shape>("[data-of], [data-note]")) {
      const number = Number(shape.dataset.of ?? shape.dataset.note);
      const note = data.notes[number];
      if (note) this.dress(shape, number, note);
      else shape.removeAttribute("data-note"); // a note that is not played, such as a tied one
    }
  }

  choose(number: number, scroll = true): void {
    const note = this.data.notes[number];
    if (!note) return;
    this.mark(false);
    this.current = number;
    this.mark(true);
    if (scroll)
      for (const shape of this.shapes(number)) if (isSeen(shape)) shape.scrollIntoView({ block: "center", behavior: scrolling() });
    showPanel(this.data, note);
  }

  /** Goes on to the next note of the same hand, or back. */
  step(by: number): void {
    if (this.current === null) return;
    const next = neighbour(this.data, this.current, by);
    if (next === undefined) return;
    this.choose(next);
    const finger = [...document.querySelectorAll<Shape>(`[data-of="${next}"]`)].find(isSeen);
    finger?.focus({ preventScroll: true });
  }

  close(): void {
    this.mark(false);
    this.current = null;
    hidePanel();
  }

  private dress(shape: Shape, number: number, note: NoteData): void {
    shape.addEventListener("click", (event) => {
      event.stopPropagation();
      this.choose(number);
    });
    if (shape.dataset.of === undefined) {
      shape.classList.toggle("far", note.far);
      return;
    }
    shape.classList.add(confidence(note));
    if (!note.needed) shape.classList.add("unneeded");
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", "0");
    shape.setAttribute("aria-label", spoken(this.data, note));
    shape.addEventListener("focus", () => this.choose(number, false));
    shape.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.choose(number, false);
    });
  }

  private mark(on: boolean): void {
    if (this.current === null) return;
    for (const shape of this.shapes(this.current)) shape.classList.toggle("chosen", on);
  }

  private shapes(number: number): NodeListOf<Shape> {
    return document.querySelectorAll<Shape>(`[data-note="${number}"], [data-of="${number}"]`);
  }
}

/** Of the systems for a desk and those for a phone, only one kind is seen. */
function isSeen(shape: Element): boolean {
  return shape.getClientRects().length > 0;
}
