/** What tests put into the pages' modules. */

import type { ReviewData } from "../src/review/data";
import type { KeyboardData, Motion, PageData, SkeletonData, Vector } from "../src/shared/data";
import golden from "./hands/poses.json";

export const KEYBOARD = golden.keyboard as KeyboardData;
export const SKELETON = golden.skeleton as unknown as SkeletonData;

const META: PageData["motion"] = {
  ...golden.motion,
  wrist_origin_m: golden.motion.wrist_origin_m as Vector,
  bone_lengths_m: golden.motion.bone_lengths_m as [number[], number[]],
};

export const MOTION: Motion = {
  frameRate: META.frame_rate,
  startSec: META.start_sec,
  frames: META.frames,
  values: new Int16Array(golden.channels.flat(2)),
  data: META,
};

type Note = [onset: number, release: number, pitch: number, hand: number, finger: number];

/** A right thumb on C4, a left little finger on F♯3 that the pedal holds on, a note of no hand. */
export const NOTES: Note[] = [[0.5, 1, 60, 1, 1], [1, 1.5, 54, 0, 5], [4, 4.5, 108, -1, 0]];

export function page(notes: Note[] = NOTES): PageData {
  const column = (i: number) => notes.map((note) => note[i] as number);
  return {
    format: "duemani.page/1", title: "t", subtitle: "", facts: [], chips: [], duration_sec: 6,
    notes: {
      onset_sec: column(0), release_sec: column(1), sound_end_sec: column(1).map((release) => release + 0.5),
      pitch: column(2), velocity: notes.map(() => 127), hand: column(3), finger: column(4),
    },
    pedal: { time_sec: [1.2, 2], value: [127, 0] },
    keyboard: KEYBOARD, skeleton: SKELETON, motion: META, audio_mime: null,
  };
}

/** Two bars of two seconds, then a third of one. */
export function review(): ReviewData {
  const { notes, pedal } = page();
  const bar = (name: string, start_sec: number, end_sec: number) => ({ name, start_sec, end_sec, figures: {} });
  return {
    format: "duemani.review_page/1", title: "t", source: "", duration_sec: 6, has_score: true,
    notes: { ...notes, name: ["C4", "F♯3", "C8"], mark: ["", "", "extra"], bar: ["1", "1", "3"], number: [0, 1, -1] },
    fingers: {
      confidence: [0.9, 0.7, 0.2], suggested: [2, 5, 0], flagged: [true, false, false], gain: [1, 0, 0], printed: [3, 0, 0],
      why: { 0: ["It is easier."] },
    },
    suggested: null, missing: [], pedal, keyboard: KEYBOARD, skeleton: SKELETON, motions: {},
    remarks: [
      { kind: "tempo", title: "slow", text: "", start_sec: 2.5, end_sec: 3, bars: "2", weight: 1, confidence: 1, praise: false, hand: null, notes: [2] },
    ],
    curves: [], bars: [bar("1", 0, 2), bar("2", 2, 4), bar("3", 4, 5)], figures: [], ratings: [], evidence: [], cannot_tell: [],
    assumptions: [], absent: [], media: { mime: "", film: null, sound: "" },
  };
}
