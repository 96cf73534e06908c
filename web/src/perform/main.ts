import "./style.css";
import { loadRightHand } from "../hands/handmesh";
import { Hands } from "../hands/hands";
import { Kinematics } from "../hands/kinematics";
import { Labels } from "../hands/labels";
import { Score } from "../hands/score";
import { contextWishes } from "../hands/software";
import { type CameraName, Stage } from "../hands/stage";
import { Clock } from "../shared/clock";
import { readAudio, readMotion, readPageData } from "../shared/data";
import { element } from "../shared/dom";
import { Controls } from "./controls";
import { Overview } from "./overview";
import { Player } from "./player";

/** What browser tests and scripts may use; times in seconds, positions in the keyboard frame [m]. */
interface Handle {
  ready: Promise<void>;
  seek(timeSec: number): void;
  play(): void;
  pause(): void;
  camera(name: CameraName): void;
  /** Makes the picture simpler, as slow frames do. */
  coarsen(): void;
  landmarks(): number[][][];
  keyDepths(): number[];
  state(): { timeSec: number; durationSec: number; playing: boolean; rate: number; soundSec: number | null; drawCalls: number; coarseness: number };
}

declare global {
  interface Window {
    duemani: Handle;
  }
}

function say(text: string, passing = false): void {
  const message = element("message");
  message.textContent = text;
  message.className = passing ? "note" : "";
  message.hidden = false;
  if (passing) setTimeout(() => (message.hidden = true), 7000);
}

async function start(): Promise<void> {
  const data = readPageData();
  const canvas = element<HTMLCanvasElement>("stage");
  if (!canvas.getContext("webgl2", contextWishes())) {
    element("title").textContent = data.title;
    document.body.className = "still";
    say("This browser shows no 3D (WebGL 2 is missing or switched off), which this page needs.");
    return;
  }
  const motion = await readMotion(data.motion);
  const kinematics = new Kinematics(motion, data.skeleton);
  const score = new Score(data);
  const clock = new Clock(data.duration_sec);
  clock.onProblem = (text) => say(text, true);
  if (data.audio_mime) clock.attach(readAudio(data.audio_mime));
  const stage = new Stage(canvas, data.keyboard.width_m);
  const hands = new Hands(await loadRightHand(data.skeleton), kinematics, data.skeleton, data.keyboard.width_m / 2);
  const overview = new Overview(element("overview"), score, clock);
  const player = new Player(stage, clock, score, overview, kinematics, hands, new Labels(element("labels")), data);
  const controls = new Controls(player, data);
  player.onDrawn = () => controls.refresh();
  canvas.addEventListener("webglcontextlost", () => say("The graphics card dropped the picture; reload the page."));
  player.setCamera("player");
  player.draw();
  Object.assign(window.duemani, {
    seek: (timeSec: number) => {
      clock.seek(timeSec);
      player.draw();
    },
    play: () => {
      clock.play();
      player.refresh();
    },
    pause: () => {
      clock.pause();
      player.draw();
    },
    camera: (name: CameraName) => {
      player.setCamera(name);
      player.draw();
    },
    coarsen: () => {
      stage.coarsen();
      player.draw();
    },
    landmarks: () => kinematics.poses.map((pose) => pose.landmarks.map((p) => [p.x, p.y, p.z])),
    keyDepths: () => [...player.keys.depthsM],
    state: () => ({
      timeSec: clock.time,
      durationSec: clock.durationSec,
      playing: clock.playing,
      rate: clock.rate,
      soundSec: clock.soundSec,
      drawCalls: stage.drawCalls,
      coarseness: stage.coarseness,
    }),
  } satisfies Omit<Handle, "ready">);
}

const ready = start().catch((problem: unknown) => {
  say(`This page could not start: ${problem instanceof Error ? problem.message : String(problem)}`);
  throw problem;
});
window.duemani = { ready } as Handle;
