/** What `duemani.outputs.review_page` writes into the template. */

import { block, inflated, type KeyboardData, type PageData, type SkeletonData } from "../shared/data";

export type MotionName = "seen" | "played" | "suggested";

export interface RemarkData {
  kind: string;
  title: string;
  text: string;
  start_sec: number;
  end_sec: number;
  bars: string;
  weight: number;
  confidence: number;
  praise: boolean;
  hand: number | null;
  notes: number[];
}

export interface CurveData {
  name: string;
  label: string;
  unit: string;
  time_sec: number[];
  value: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  reference: (number | null)[];
}

export interface BarData {
  name: string;
  start_sec: number;
  end_sec: number;
  figures: Record<string, number | null>;
}

export interface ReviewData {
  format: "duemani.review_page/1";
  title: string;
  source: string;
  duration_sec: number;
  has_score: boolean;
  notes: PageData["notes"] & { name: string[]; mark: ("" | "wrong" | "extra")[]; bar: string[]; number: number[] };
  fingers: {
    confidence: number[];
    suggested: number[];
    flagged: boolean[];
    gain: number[];
    printed: number[];
    why: Record<string, string[]>;
  } | null;
  suggested: { hand: number[]; finger: number[] } | null;
  missing: { score_note: number; name: string; bar: string }[];
  pedal: PageData["pedal"];
  keyboard: KeyboardData;
  skeleton: SkeletonData;
  motions: Partial<Record<MotionName, PageData["motion"] & { simulated: boolean }>>;
  remarks: RemarkData[];
  curves: CurveData[];
  bars: BarData[];
  figures: { name: string; label: string; unit: string; digits: number; scale: number }[];
  ratings: { name: string; value: number | null; low: number | null; high: number | null }[];
  evidence: [string, string][];
  cannot_tell: string[];
  assumptions: string[];
  absent: string[];
  media: { mime: string; film: [number, number] | null; sound: string };
}

export interface Engraving {
  wide: string[];
  narrow: string[];
  font: string;
}

export function readReview(): ReviewData {
  const data = JSON.parse(block("duemani-data")) as ReviewData;
  if (data.format !== "duemani.review_page/1") throw new Error("the page's data have an unknown format");
  return data;
}

export async function readEngraving(): Promise<Engraving> {
  return JSON.parse(new TextDecoder().decode(await inflated("duemani-score"))) as Engraving;
}

/** The notes as the 3D modules take them, with the fingers as played or as suggested. */
export function pageData(data: ReviewData, motion: MotionName): PageData {
  const fingers = motion === "suggested" && data.suggested ? data.suggested : data.notes;
  return {
    format: "duemani.page/1", title: data.title, subtitle: "", facts: [], chips: [],
    duration_sec: data.duration_sec,
    notes: { ...data.notes, hand: fingers.hand, finger: fingers.finger },
    pedal: data.pedal, keyboard: data.keyboard, skeleton: data.skeleton,
    motion: data.motions[motion] as PageData["motion"],
    audio_mime: null,
  };
}

/** "bar 12", "bars 12–14", or the clock where there is no score. */
export function barText(bars: string): string {
  if (!bars) return "";
  return /[-–,]/.test(bars) ? `bars ${bars.replace("-", "–")}` : `bar ${bars}`;
}

export const UNSURE = 0.6;

export function sureness(confidence: number): string {
  return confidence >= 0.85 ? "sure" : confidence >= UNSURE ? "fairly sure" : "uncertain";
}
