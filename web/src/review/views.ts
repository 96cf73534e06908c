/** What is seen of the hands: the film, 3D hands, or the fingers played and suggested side by side. */

import type { CameraName } from "../hands/stage";
import { element, make } from "../shared/dom";
import type { MotionName } from "./data";
import { HandsView } from "./handsview";
import type { Session } from "./session";

export type ViewName = "film" | "seen" | "played" | "suggested" | "compare";

const NAMES: Record<ViewName, string> = { film: "Film", seen: "3D, as filmed", played: "3D, simulated", suggested: "3D, as suggested", compare: "Compare fingers" };
/** Stand in the picture itself, so that simulated hands are never taken for filmed ones. */
const CAPTIONS: Record<ViewName, string[]> = {
  film: [], seen: ["as filmed"], played: ["simulated"], suggested: ["as suggested · simulated"], compare: ["as played · simulated", "as suggested · simulated"],
};
const NOTES: Record<ViewName, string> = {
  film: "The film that was given.",
  seen: "Tracked in the film and put onto the keyboard; not shown where the hands could not be seen.",
  played: "Simulated: made by duemani to play these notes with the fingers named; not filmed.",
  suggested: "Simulated: no hands were seen; made by duemani to play these notes with the fingers that it suggests.",
  compare: "Both are simulated, and play these notes: left with the fingers played, right with those suggested.",
};

export class Views {
  current: ViewName | null = null;
  private readonly screen = element("screen");
  private readonly opened = new Map<MotionName, Promise<HandsView | null>>();
  private shown: HandsView[] = [];
  private notesShown = true;
  private fingersShown = true;
  /** Fingers are told apart best from above. */
  private readonly cameraNames: Record<ViewName, CameraName> = { film: "player", seen: "player", played: "player", suggested: "player", compare: "overhead" };

  constructor(private readonly session: Session, private readonly film: HTMLVideoElement | null, private readonly say: (text: string) => void) {
    const { motions, suggested } = session.data;
    const names: ViewName[] = [];
    if (film) names.push("film");
    if (motions.seen) names.push("seen");
    if (motions.played) names.push("played");
    if (motions.played && motions.suggested && suggested) names.push("compare");
    else if (motions.suggested && suggested && !motions.played) names.push("suggested");
    element("stage").hidden = !names.length;
    document.body.classList.toggle("no-stage", !names.length);
    for (const name of names) {
      const button = make("button", "", NAMES[name]);
      button.type = "button";
      button.dataset.view = name;
      button.addEventListener("click", () => void this.show(name));
      element("views").append(button);
    }
    element("views").hidden = names.length < 2;
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-camera]"))
      button.addEventListener("click", () => this.setCamera(button.dataset.camera as CameraName));
    session.onDraw.push(() => this.draw());
    if (names[0]) void this.show(names[0]);
  }

  get canCompare(): boolean {
    return Boolean(document.querySelector('[data-view="compare"]'));
  }

  async show(name: ViewName): Promise<void> {
    if (this.current === name) return;
    this.current = name;
    for (const button of document.querySelectorAll<HTMLElement>("[data-view]"))
      button.setAttribute("aria-pressed", String(button.dataset.view === name));
    element("stage-note").textContent = NOTES[name];
    element("cameras").hidden = name === "film";
    this.screen.className = name;
    if (name === "film") {
      this.shown = [];
      this.screen.replaceChildren(this.film as HTMLVideoElement);
      return;
    }
    const wanted: MotionName[] = name === "compare" ? ["played", "suggested"] : [name];
    const opened = await Promise.all(wanted.map((motion) => this.open(motion)));
    if (this.current !== name) return;
    if (opened.some((view) => !view)) {
      this.screen.replaceChildren(make("p", "quiet", "This browser shows no 3D (WebGL 2 is missing or switched off)."));
      return;
    }
    this.shown = opened as HandsView[];
    this.screen.replaceChildren(...this.shown.map((view, i) => make("figure", "", view.box, make("figcaption", "", CAPTIONS[name][i]))));
    for (const view of this.shown) {
      view.showNotes(this.notesShown);
      view.showFingers(this.fingersShown);
    }
    this.setCamera(this.cameraNames[name]);
  }

  private open(motion: MotionName): Promise<HandsView | null> {
    const known = this.opened.get(motion);
    if (known) return known;
    const view = HandsView.open(this.session.data, motion, () => this.session.refresh()).catch((problem: unknown) => {
      this.say(`The 3D hands could not be shown: ${problem instanceof Error ? problem.message : String(problem)}`);
      return null;
    });
    this.opened.set(motion, view);
    return view;
  }

  toggleNotes(): void {
    this.notesShown = !this.notesShown;
    for (const view of this.shown) view.showNotes(this.notesShown);
  }

  toggleFingers(): void {
    this.fingersShown = !this.fingersShown;
    for (const view of this.shown) view.showFingers(this.fingersShown);
  }

  setCamera(name: CameraName): void {
    if (this.current) this.cameraNames[this.current] = name;
    for (const button of document.querySelectorAll<HTMLElement>("[data-camera]"))
      button.setAttribute("aria-pressed", String(button.dataset.camera === name));
    for (const view of this.shown) view.setCamera(name);
    this.session.refresh();
  }

  private draw(): void {
    const { clock } = this.session;
    for (const view of this.shown) view.draw(clock.time, clock.playing);
  }
}
