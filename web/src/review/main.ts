import "./style.css";
import { Clock } from "../shared/clock";
import { readAudio } from "../shared/data";
import { element, make, scrolling } from "../shared/dom";
import { showCharts } from "./charts";
import { readEngraving, readReview } from "./data";
import { showBars, showHeading, showLimits, showRatings } from "./heading";
import { Remarks } from "./remarks";
import { Session } from "./session";
import { Sheet } from "./sheet/sheet";
import { followTheme } from "./theme";
import { Timeline } from "./timeline";
import { Transport } from "./transport";
import { type ViewName, Views } from "./views";

/** What browser tests and scripts may use; times in seconds. */
interface Handle {
  ready: Promise<void>;
  seek(timeSec: number): void;
  play(): void;
  pause(): void;
  choose(index: number | null, play?: boolean): void;
  show(view: ViewName): Promise<void>;
  state(): {
    timeSec: number; durationSec: number; playing: boolean; rate: number; soundSec: number | null; chosen: number | null;
    loop: [number, number] | null; view: ViewName | null;
  };
}

function say(text: string): void {
  const message = element("message");
  message.textContent = text;
  message.hidden = false;
}

async function start(): Promise<void> {
  const data = readReview();
  showHeading(data);
  const clock = new Clock(data.duration_sec);
  clock.onProblem = say;
  let film: HTMLVideoElement | null = null;
  if (data.media.film) {
    film = make("video");
    film.playsInline = true;
    film.width = data.media.film[0];
    film.height = data.media.film[1];
  }
  if (data.media.mime) clock.attach(readAudio(data.media.mime, "duemani-media"), film ?? new Audio());
  const session = new Session(data, clock);
  const sheet = new Sheet(session, data.has_score ? await readEngraving() : null);
  element("music").hidden = !sheet.systemCount;
  const timeline = new Timeline(session);
  const views = new Views(session, film, say);
  const remarks = new Remarks(session, views.canCompare);
  remarks.onCompare = (index) => {
    session.choose(index);
    void views.show("compare").then(() => element("stage").scrollIntoView({ block: "nearest", behavior: scrolling() }));
  };
  showRatings(data);
  showBars(session);
  showLimits(data);
  showCharts(data, element("charts"));
  new Transport(session, remarks, views);
  followTheme(() => timeline.redraw());
  const isBare = ["stage", "music", "timeline"].every((id) => element(id).hidden);
  document.body.classList.toggle("bare", isBare);
  element("transport").hidden = isBare;
  clock.onDuration = () => session.refresh();
  film?.addEventListener("click", () => element("play").click());
  const details = element<HTMLDetailsElement>("bars-details");
  addEventListener("beforeprint", () => (details.open = true));
  session.draw();
  Object.assign(window.duemaniReview, {
    seek: (timeSec: number) => {
      session.seek(timeSec);
      session.draw();
    },
    play: () => {
      clock.play();
      session.refresh();
    },
    pause: () => {
      clock.pause();
      session.draw();
    },
    choose: (index: number | null, play = true) => session.choose(index, play),
    show: (view: ViewName) => views.show(view),
    state: () => ({
      timeSec: clock.time,
      durationSec: clock.durationSec,
      playing: clock.playing,
      rate: clock.rate,
      soundSec: clock.soundSec,
      chosen: session.chosen,
      loop: clock.loop.on ? ([clock.loop.fromSec ?? 0, clock.loop.toSec ?? clock.durationSec] as [number, number]) : null,
      view: views.current,
    }),
  } satisfies Omit<Handle, "ready">);
}

declare global {
  interface Window {
    duemaniReview: Handle;
  }
}

window.duemaniReview = {} as Handle;
window.duemaniReview.ready = start().catch((problem: unknown) => {
  say(`This page could not start: ${problem instanceof Error ? problem.message : String(problem)}`);
  throw problem;
});
