/** What `duemani.outputs.page` writes into the template, and how it is read back. */

export type Vector = [number, number, number];

export interface PageData {
  format: "duemani.page/1";
  title: string;
  subtitle: string;
  facts: [string, string][];
  chips: string[];
  duration_sec: number;
  notes: {
    onset_sec: number[];
    release_sec: number[];
    sound_end_sec: number[];
    pitch: number[];
    velocity: number[];
    hand: number[];
    finger: number[];
  };
  pedal: { time_sec: number[]; value: number[] };
  keyboard: KeyboardData;
  skeleton: SkeletonData;
  motion: {
    frame_rate: number;
    start_sec: number;
    frames: number;
    wrist_origin_m: Vector;
    wrist_quantum_m: number;
    rotation_quantum_rad: number;
    bone_lengths_m: [number[], number[]];
    /** Seen in a film, and so known to some millimetres only. */
    filmed: boolean;
  };
  audio_mime: string | null;
}

/** Sizes in metres, one entry a key (88), in the keyboard frame. */
export interface KeyboardData {
  lowest_pitch: number;
  centre_x_m: number[];
  is_black: boolean[];
  rest_top_m: number[];
  travel_m: number[];
  width_m: number;
  white_pitch_m: number;
  white_length_m: number;
  black_top_width_m: number;
  black_base_width_m: number;
  black_front_m: number;
  black_back_m: number;
  /** Where keys turn, how high over a key a filmed tip counts as in it, how much deeper its front goes. */
  pivot_y_m: number;
  near_m: number;
  most_at_front: number;
}

/** The right hand at rest; the left is its mirror image at x = 0. */
export interface SkeletonData {
  bone_directions: Vector[][];
  medium_bone_lengths_m: number[];
  finger_joints: number[][];
  joint_landmarks: number[];
  joint_frames: number[][][][];
}

/** Quantised motion: `CHANNELS` series of `frames` values, one after the other. */
export interface Motion {
  frameRate: number;
  startSec: number;
  frames: number;
  values: Int16Array;
  data: PageData["motion"];
}

/** Per hand: tracked, wrist x y z, 16 joints of axis-angle x y z. */
export const HAND_CHANNELS = 1 + 3 + 48;
export const CHANNELS = 2 * HAND_CHANNELS;

export function block(id: string): string {
  return document.getElementById(id)?.textContent?.trim() ?? "";
}

export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  // In pieces, so that an hour of sound does not need a string of its own size in memory.
  const step = 1 << 20;
  for (let start = 0, at = 0; start < text.length; start += step) {
    const piece = atob(text.slice(start, start + step));
    for (let i = 0; i < piece.length; i++) bytes[at++] = piece.charCodeAt(i);
  }
  return bytes;
}

export function readPageData(): PageData {
  const data = JSON.parse(block("duemani-data")) as PageData;
  if (data.format !== "duemani.page/1") throw new Error("the page's data have an unknown format");
  return data;
}

/** The inflated bytes of a block of the page. */
export function inflated(id: string): Promise<ArrayBuffer> {
  const stream = new Blob([decodeBase64(block(id))]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

export async function readMotion(data: PageData["motion"], id = "duemani-motion"): Promise<Motion> {
  const values = new Int16Array(await inflated(id));
  if (values.length !== CHANNELS * data.frames) throw new Error("the page's motion is incomplete");
  for (let channel = 0; channel < CHANNELS; channel++) {
    const start = channel * data.frames;
    for (let i = start + 1; i < start + data.frames; i++) {
      values[i] = (values[i] as number) + (values[i - 1] as number); // wraps, as it was written
    }
  }
  return { frameRate: data.frame_rate, startSec: data.start_sec, frames: data.frames, values, data };
}

export function readAudio(mime: string, id = "duemani-audio"): Blob {
  return new Blob([decodeBase64(block(id))], { type: mime });
}
