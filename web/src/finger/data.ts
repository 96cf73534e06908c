/** What `duemani.outputs.page.finger_page` writes into the template. */

import { block } from "../shared/data";

export interface NoteData {
  finger: number;
  /** The finger that silently takes the key over, or 0. */
  then: number;
  hand: string;
  pitch: string;
  /** Index into `bars`. */
  bar: number;
  /** Fingers and their chances (0-1), the likeliest first. */
  chances: [finger: number, chance: number][];
  why: string[];
  mark: string;
  /** Whether the file already named the finger. */
  given: boolean;
  /** Whether a player needs to be told it. */
  needed: boolean;
  /** Whether it lies out of the hand's reach. */
  far: boolean;
}

export interface FingerData {
  format: "duemani.finger_page/1";
  /** By the numbers that the score's shapes carry (`data-note`, `data-of`). */
  notes: Record<string, NoteData>;
  /** Those numbers as the notes are played. */
  order: number[];
  bars: [name: string, difficulty: number][];
  /** What a bar's name counts: "bar", or "from" (a time) without notation. */
  unit: string;
  /** Whether all fingers are shown at first. */
  all: boolean;
}

export function readFingerData(): FingerData {
  const data = JSON.parse(block("duemani-data")) as FingerData;
  if (data.format !== "duemani.finger_page/1") throw new Error("the page's data have an unknown format");
  return data;
}

/** How sure a finger is; those that the file named are nobody's guess. */
export function confidence(note: NoteData): "given" | "open" | "likely" | "sure" {
  if (note.given) return "given";
  const chance = note.chances.find(([finger]) => finger === note.finger)?.[1] ?? 0;
  if (chance < 0.5) return "open";
  return chance < 0.8 ? "likely" : "sure";
}

/** The note's neighbour in its own hand, `by` notes on; undefined beyond the ends. */
export function neighbour(data: FingerData, number: number, by: number): number | undefined {
  const hand = data.notes[number]?.hand;
  const mine = data.order.filter((other) => data.notes[other]?.hand === hand);
  return mine[mine.indexOf(number) + by];
}

/** A note as a screen reader says it. */
export function spoken(data: FingerData, note: NoteData): string {
  const then = note.then ? ` then ${note.then}` : "";
  return `${note.pitch}, ${note.hand}, ${data.unit} ${data.bars[note.bar]?.[0]}, finger ${note.finger}${then}`;
}
