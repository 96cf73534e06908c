import { beforeEach, describe, expect, it } from "vitest";
import { confidence, type FingerData, type NoteData, neighbour, spoken } from "../../src/finger/data";
import { Notes } from "../../src/finger/notes";
import { showStrip } from "../../src/finger/strip";
import { element } from "../../src/shared/dom";

const note = (change: Partial<NoteData> = {}): NoteData => ({
  finger: 3, then: 0, hand: "right hand", pitch: "C4", bar: 0, chances: [[3, 0.9], [2, 0.1]], why: ["It lies there."], mark: "",
  given: false, needed: true, far: false, ...change,
});

const DATA: FingerData = {
  format: "duemani.finger_page/1",
  notes: {
    4: note(), 5: note({ hand: "left hand", given: true }), 7: note({ bar: 1, then: 1, chances: [[3, 0.6]], mark: "<b>thumb under</b>", needed: false, far: true }),
  },
  order: [4, 5, 7], bars: [["1", 2.5], ["2", 10]], unit: "bar", all: true,
};

beforeEach(() => {
  document.body.innerHTML = `<div id="strip"></div><svg>
    ${[4, 5, 7, 9].map((n) => `<g class="note" data-note="${n}"></g><g class="fing" data-of="${n}"></g>`).join("")}</svg>
    <section id="panel" hidden><div id="big"></div><div id="where"></div><ul id="why"></ul><div id="chances"></div></section>`;
});

const shape = (name: string, n: number) => document.querySelector(`[data-${name}="${n}"]`) as SVGElement;

describe("confidence", () => {
  it.each([[0.8, "sure"], [0.79, "likely"], [0.5, "likely"], [0.49, "open"]] as const)("of %d is %s", (chance, name) => {
    expect(confidence(note({ chances: [[3, chance]] }))).toBe(name);
  });

  it("is nobody's guess where the file names the finger, and open where nothing is known", () => {
    expect(confidence(note({ given: true, chances: [] }))).toBe("given");
    expect(confidence(note({ chances: [[2, 0.9]] }))).toBe("open");
  });
});

describe("Notes", () => {
  it("dress fingers and notes, and let go of what is not played", () => {
    new Notes(DATA);
    expect(["sure", "given", "likely"].every((name, i) => shape("of", [4, 5, 7][i] as number).classList.contains(name))).toBe(true);
    expect(shape("of", 7).classList.contains("unneeded")).toBe(true);
    expect(shape("note", 7).classList.contains("far")).toBe(true);
    expect(document.querySelector('[data-note="9"]')).toBeNull();
    expect(shape("of", 7).getAttribute("aria-label")).toBe("C4, right hand, bar 2, finger 3 then 1");
  });

  it("open the panel with text that stays text", () => {
    const notes = new Notes(DATA);
    notes.choose(7, false);
    expect(element("panel").hidden).toBe(false);
    expect(element("big").textContent).toBe("3-1");
    expect(element("where").firstChild?.textContent).toBe("C4 · right hand · bar 2 (difficulty 10)");
    expect([...element("where").querySelectorAll("em")].map((chip) => chip.textContent)).toEqual(["<b>thumb under</b>", "out of reach: roll it"]);
    expect(element("where").querySelector("b")).toBeNull();
    expect(element("chances").textContent).toBe("finger 3: 60 %");
  });

  it("step along one hand and stop at its ends", () => {
    const notes = new Notes(DATA);
    notes.choose(4, false);
    notes.step(1);
    expect(notes.current).toBe(7);
    expect(shape("note", 7).classList.contains("chosen")).toBe(true);
    expect(shape("note", 4).classList.contains("chosen")).toBe(false);
    notes.step(1);
    expect(notes.current).toBe(7);
    notes.close();
    expect([notes.current, element("panel").hidden, document.querySelector(".chosen")]).toEqual([null, true, null]);
  });

  it("have neighbours in their own hand only", () => {
    expect([neighbour(DATA, 4, 1), neighbour(DATA, 5, 1), neighbour(DATA, 4, -1)]).toEqual([7, undefined, undefined]);
    expect(spoken(DATA, note())).toBe("C4, right hand, bar 1, finger 3");
  });
});

describe("the strip", () => {
  it("goes to a bar's first note, and along with the arrow keys", () => {
    const chosen: number[] = [];
    showStrip(DATA, (number) => chosen.push(number));
    const [first, second] = element("strip").querySelectorAll("button") as unknown as [HTMLButtonElement, HTMLButtonElement];
    second.click();
    expect(chosen).toEqual([7]);
    expect((second.firstChild as HTMLElement).style.height).toBe("100%");
    first.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    expect([first.tabIndex, second.tabIndex]).toEqual([-1, 0]);
    first.dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
    expect(second.tabIndex).toBe(0);
  });
});
