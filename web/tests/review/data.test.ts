import { describe, expect, it } from "vitest";
import { barText, pageData, sureness } from "../../src/review/data";
import { noteText } from "../../src/review/sheet/notetext";
import { rollSystems } from "../../src/review/sheet/rollsheet";
import { review } from "../fixtures";

describe("review data", () => {
  it("names bars", () => {
    expect(["", "12", "12-14", "3, 5"].map(barText)).toEqual(["", "bar 12", "bars 12–14", "bars 3, 5"]);
  });

  it("puts sureness into words", () => {
    expect([0.85, 0.84, 0.6, 0.59].map(sureness)).toEqual(["sure", "fairly sure", "fairly sure", "uncertain"]);
  });

  it("takes the suggested fingers only for the suggested motion", () => {
    const data = { ...review(), suggested: { hand: [1, 1, 1], finger: [2, 3, 4] } };
    expect(pageData(data, "suggested").notes.finger).toEqual([2, 3, 4]);
    expect(pageData(data, "played").notes.finger).toEqual([1, 5, 0]);
  });

  it("tells what is known of a note, and no more", () => {
    expect(noteText(review(), 0)).toBe(
      "C4 · bar 1 · 0:00.5 · right hand · velocity 127 · finger 1 (sure) · printed 3 · better 2. It is easier.",
    );
    expect(noteText(review(), 2)).toBe("C8 · bar 3 · 0:04.0 · velocity 127 · finger not seen");
  });
});

describe("rollSystems", () => {
  it("cuts the music into systems and leaves silent ones out", () => {
    const systems = rollSystems(review(), 2, 380);
    expect(systems.map(({ fromSec }) => fromSec)).toEqual([0, 4]);
    expect([...(systems[0]?.picture.querySelectorAll("[data-note]") ?? [])].map((note) => note.getAttribute("data-note"))).toEqual(["0", "1"]);
    const rect = systems[0]?.picture.querySelector("rect.notehead");
    expect(Number(rect?.getAttribute("x"))).toBeCloseTo(30 + 0.25 * 350);
    expect(Number(rect?.getAttribute("width"))).toBeCloseTo(0.25 * 350);
    expect(systems[0]?.picture.querySelector("g.fing")?.textContent).toBe("1▸2");
  });
});
