/** The ranked remarks: filtered by kind, chosen by a click, heard in a loop. */

import { element, make, scrolling } from "../shared/dom";
import { clockText } from "../shared/text";
import { barText, type RemarkData, sureness } from "./data";
import type { Session } from "./session";

const KIND_NAMES: Record<string, string> = {
  fingering: "Fingering", notes: "Notes", dynamics: "Dynamics", tempo: "Tempo", articulation: "Articulation",
  pedal: "Pedal", evenness: "Evenness", synchrony: "Hands together", voicing: "Voicing", markings: "Markings",
  reference: "Reference",
};

const HANDS = ["left hand", "right hand"];

export class Remarks {
  filter = "all";
  onCompare: ((index: number) => void) | null = null;
  private readonly items: HTMLLIElement[] = [];
  private readonly list = element("remark-list");

  constructor(private readonly session: Session, canCompare: boolean) {
    const { remarks } = session.data;
    this.items = remarks.map((remark, index) => this.item(remark, index, canCompare));
    this.filters(remarks);
    element("order").addEventListener("change", () => this.arrange());
    (element("order").parentElement as HTMLElement).hidden = remarks.length < 2;
    const none = element("no-remarks");
    none.hidden = remarks.length > 0;
    none.textContent = "There is nothing to remark that is sure enough to be told.";
    this.arrange();
    session.onChoose.push(() => this.refresh());
  }

  /** Indices as they are shown now. */
  get order(): number[] {
    const { remarks } = this.session.data;
    const indices = remarks.map((_, index) => index).filter((index) => this.shows(remarks[index] as RemarkData));
    if (element<HTMLSelectElement>("order").value === "time")
      indices.sort((a, b) => (remarks[a] as RemarkData).start_sec - (remarks[b] as RemarkData).start_sec);
    return indices;
  }

  step(by: number): void {
    const { order } = this;
    if (!order.length) return;
    const at = this.session.chosen === null ? -1 : order.indexOf(this.session.chosen);
    const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
    this.session.choose(order[next] as number);
    this.items[order[next] as number]?.scrollIntoView({ block: "nearest", behavior: scrolling() });
  }

  private shows(remark: RemarkData): boolean {
    return this.filter === "all" || (this.filter === "praise" ? remark.praise : remark.kind === this.filter);
  }

  private filters(remarks: RemarkData[]): void {
    const box = element("filters");
    const counts = new Map<string, number>([["all", remarks.length]]);
    for (const remark of remarks) counts.set(remark.kind, (counts.get(remark.kind) ?? 0) + 1);
    const praise = remarks.filter((remark) => remark.praise).length;
    if (praise) counts.set("praise", praise);
    box.hidden = counts.size < 3;
    for (const [kind, count] of counts) {
      const name = kind === "all" ? "All" : kind === "praise" ? "Done well" : (KIND_NAMES[kind] ?? kind);
      const button = make("button", "", name, make("small", "", String(count)));
      button.type = "button";
      button.dataset.kind = kind;
      button.addEventListener("click", () => {
        this.filter = kind;
        this.arrange();
      });
      box.append(button);
    }
  }

  private item(remark: RemarkData, index: number, canCompare: boolean): HTMLLIElement {
    const { session } = this;
    const kind = make("span", "kind", KIND_NAMES[remark.kind] ?? remark.kind);
    const where = [barText(remark.bars), clockText(remark.start_sec), remark.hand === null ? "" : HANDS[remark.hand]];
    const button = make("button", "choose", remark.title);
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    const actions = make("p", "actions");
    const listen = make("span", "listen", "▶ Hear it");
    actions.append(listen);
    if (canCompare && remark.kind === "fingering" && !remark.praise) {
      const compare = make("button", "compare", "Compare in 3D");
      compare.type = "button";
      compare.addEventListener("click", (event) => {
        event.stopPropagation();
        this.onCompare?.(index);
      });
      actions.append(compare);
    }
    const item = make(
      "li", remark.praise ? "praise" : "",
      make("p", "facts", make("b", "rank", String(index + 1)), kind, remark.praise && make("span", "well", "✓ done well"),
        make("span", "where", where.filter(Boolean).join(" · "))),
      make("h3", "", button),
      make("p", "text", remark.text),
      make("p", "sure", `${sureness(remark.confidence)[0]?.toUpperCase()}${sureness(remark.confidence).slice(1)}`),
      actions,
    );
    item.dataset.kind = remark.kind;
    item.addEventListener("click", () => {
      if (String(getSelection() ?? "")) return; // somebody copies the text
      if (session.chosen === index && session.clock.playing) session.clock.pause();
      else session.choose(index);
      session.refresh();
    });
    return item;
  }

  private arrange(): void {
    this.list.replaceChildren(...this.order.map((index) => this.items[index] as HTMLLIElement));
    for (const button of element("filters").children)
      button.setAttribute("aria-pressed", String((button as HTMLElement).dataset.kind === this.filter));
  }

  private refresh(): void {
    this.items.forEach((item, index) => {
      const chosen = index === this.session.chosen;
      item.classList.toggle("chosen", chosen);
      item.querySelector(".choose")?.setAttribute("aria-pressed", String(chosen));
    });
  }
}
