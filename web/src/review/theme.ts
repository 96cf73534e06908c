/** Light or dark: as the computer is set, or as the reader chose. */

import { element } from "../shared/dom";

const KEY = "duemani.theme";

export function followTheme(onChange: () => void): void {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    chosen = null; // a page opened from a file may have no storage
  }
  const apply = () => {
    root.dataset.theme = chosen ?? (dark.matches ? "dark" : "light");
    onChange();
  };
  dark.addEventListener("change", apply);
  element("theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // it is simply not kept
    }
    apply();
  });
  apply();
}

/** Colours of the scheme in use, by their CSS names without dashes. */
export function colours(): (name: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}
