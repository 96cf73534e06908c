/** The panel below the score: one note's finger, why it was chosen, and the other chances. */

import { element, make } from "../shared/dom";
import type { FingerData, NoteData } from "./data";

const WIDEST_PX = 90;
const NARROWEST_PX = 2;

export function showPanel(data: FingerData, note: NoteData): void {
  element("big").textContent = note.then ? `${note.finger}-${note.then}` : String(note.finger);
  const [bar, difficulty] = data.bars[note.bar] ?? ["", 0];
  const remarks = [note.mark, note.given && "already in the file", note.far && "out of reach: roll it"];
  element("where").replaceChildren(
    `${note.pitch} · ${note.hand} · ${data.unit} ${bar} (difficulty ${difficulty})`,
    ...remarks.filter(Boolean).map((remark) => make("em", "", remark)),
  );
  element("why").replaceChildren(...note.why.map((sentence) => make("li", "", sentence)));
  element("chances").replaceChildren(...note.chances.map(([finger, chance]) => {
    const length = make("i");
    length.style.width = `${Math.max(NARROWEST_PX, WIDEST_PX * chance)}px`;
    return make("span", "", `finger ${finger}: ${(100 * chance).toFixed(0)} %`, length);
  }));
  element("panel").hidden = false;
}

export function hidePanel(): void {
  element("panel").hidden = true;
}
