/** Small helpers for making elements. Text is always set as text, never as markup. */

type Child = Node | string | null | undefined | false;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, className = "", ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) if (child) made.append(child);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Record<string, string | number>, ...children: Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  for (const child of children) if (child) made.append(child);
  return made;
}

/** Colours of the scheme in use, by their CSS names without dashes. */
export function colours(): (name: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

export const KIND_NAMES: Record<string, string> = {
  fingering: "Fingering", notes: "Notes", dynamics: "Dynamics", tempo: "Tempo", articulation: "Articulation",
  pedal: "Pedal", evenness: "Evenness", synchrony: "Hands together", voicing: "Voicing", markings: "Markings",
  reference: "Reference",
};
