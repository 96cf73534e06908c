/** The strip above the score: how hard every bar is; a click goes there. */

import { element, make } from "../shared/dom";
import type { FingerData } from "./data";

export function showStrip(data: FingerData, onChoose: (number: number) => void): void {
  const buttons = data.bars.map(([name, difficulty], index) => {
    const height = make("i");
    height.style.height = `${4 + 9.6 * difficulty}%`;
    const button = make("button", "", height);
    button.title = `${data.unit} ${name}: difficulty ${difficulty}`;
    button.setAttribute("aria-label", button.title);
    button.tabIndex = index ? -1 : 0; // Tab enters the strip once; the arrow keys go along it
    button.addEventListener("click", () => {
      const first = data.order.find((number) => data.notes[number]?.bar === index);
      if (first !== undefined) onChoose(first);
    });
    button.addEventListener("keydown", (event) => {
      const other = buttons[index + ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? NaN)];
      if (!other) return;
      button.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    });
    return button;
  });
  element("strip").append(...buttons);
}
