/** What the report rests on, what it cannot tell, listeners' ratings, and the table of bars. */

import { element, make } from "../shared/dom";
import { clockText } from "../shared/text";
import type { ReviewData } from "./data";
import type { Session } from "./session";

export function showHeading(data: ReviewData): void {
  element("title").textContent = data.title;
  const praise = data.remarks.filter((remark) => remark.praise).length;
  const advice = data.remarks.length - praise;
  const parts = [
    clockText(data.duration_sec),
    `${data.notes.pitch.length} notes`,
    advice ? `${advice} ${advice === 1 ? "thing" : "things"} to work on` : "",
    praise ? `${praise} done well` : "",
  ];
  element("summary").textContent = parts.filter(Boolean).join(" · ");
  const evidence = element("evidence");
  const rows: [string, string][] = [...data.evidence];
  if (data.motions.played || data.motions.suggested)
    rows.push(["hands in 3D", data.motions.seen ? "as filmed, and simulated ones that play the fingers named" : "simulated: made by duemani, not filmed"]);
  for (const [topic, text] of rows) evidence.append(make("div", "", make("dt", "", topic), make("dd", "", text)));
  evidence.hidden = !rows.length;
}

export function showLimits(data: ReviewData): void {
  const lists: [string, string[]][] = [["cannot", data.cannot_tell], ["assumed", data.assumptions], ["lacking", data.absent]];
  for (const [id, sentences] of lists) {
    const box = element(id);
    box.hidden = !sentences.length;
    box.querySelector("ul")?.append(...sentences.map((sentence) => make("li", "", sentence)));
  }
  element("limits").hidden = lists.every(([, sentences]) => !sentences.length);
}

export function showRatings(data: ReviewData): void {
  const known = data.ratings.filter((rating) => rating.value !== null);
  element("listeners").hidden = !known.length;
  for (const { name, value, low, high } of known) {
    const [from, to] = name.includes(" - ") ? (name.split(" - ", 2) as [string, string]) : ["less", name];
    const percent = (share: number | null) => Math.round(100 * (share ?? 0));
    const range = make("i", "range");
    range.style.left = `${percent(low ?? value)}%`;
    range.style.right = `${100 - percent(high ?? value)}%`;
    const dot = make("i", "dot");
    dot.style.left = `${percent(value)}%`;
    const scale = make("span", "scale", range, dot);
    scale.setAttribute("role", "img");
    scale.setAttribute("aria-label", `${percent(value)} of 100 from ${from} to ${to}, range ${percent(low)} to ${percent(high)}`);
    const figures = make("span", "figures", `${percent(value)} (${percent(low ?? value)}–${percent(high ?? value)})`);
    element("ratings").append(make("li", "", make("span", "from", from), scale, make("span", "to", to), figures));
  }
}

export function showBars(session: Session): void {
  const { data } = session;
  const box = element("bars");
  box.hidden = !data.bars.length || !data.figures.length;
  if (box.hidden) return;
  const unit = data.has_score ? "bar" : "from";
  if (!data.has_score) element("bars-heading").textContent = "Moment by moment";
  const head = make("tr", "", make("th", "", unit), data.has_score && make("th", "", "at"));
  for (const { label, unit: of } of data.figures) head.append(make("th", "", label, of && make("small", "", of)));
  element("bar-table").querySelector("thead")?.append(head);
  const body = element("bar-table").querySelector("tbody") as HTMLElement;
  data.bars.forEach((bar) => {
    const play = make("button", "link", bar.name);
    play.type = "button";
    play.title = "Hear it";
    const row = make("tr", "", make("th", "", play), data.has_score && make("td", "", clockText(bar.start_sec)));
    for (const { name, digits, scale } of data.figures) {
      const value = bar.figures[name] ?? null;
      const cell = make("td", "", value === null ? "–" : (scale * value).toFixed(digits));
      if (value === null) cell.title = "cannot be told";
      row.append(cell);
    }
    row.addEventListener("click", () => {
      session.choose(null);
      session.hear(bar.start_sec, bar.end_sec);
    });
    body.append(row);
  });
  const rows = [...body.children];
  let now = -1;
  session.onDraw.push(() => {
    const at = session.barAt(session.clock.time);
    if (at === now) return;
    rows[now]?.classList.remove("now");
    rows[at]?.classList.add("now");
    now = at;
  });
}
