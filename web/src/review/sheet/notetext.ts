/** What is known of one note, in a line. */

import { clockText } from "../../shared/text";
import { type ReviewData, sureness } from "../data";

const HANDS = ["left hand", "right hand"];

export function noteText(data: ReviewData, i: number): string {
  const { notes, fingers } = data;
  const finger = notes.finger[i] as number;
  const parts = [
    notes.name[i],
    notes.bar[i] ? `bar ${notes.bar[i]}` : "",
    clockText(notes.onset_sec[i] as number, true),
    HANDS[notes.hand[i] as number] ?? "",
    `velocity ${notes.velocity[i]}`,
  ];
  if (fingers) {
    parts.push(finger ? `finger ${finger} (${sureness(fingers.confidence[i] ?? 0)})` : "finger not seen");
    if (fingers.printed[i]) parts.push(`printed ${fingers.printed[i]}`);
    if (fingers.flagged[i]) parts.push(`better ${fingers.suggested[i]}`);
  }
  const why = fingers?.why[String(i)] ?? [];
  return `${parts.filter(Boolean).join(" · ")}${why.length ? `. ${why.join(" ")}` : ""}`;
}
