import { Color } from "three";

/** Left blue, right orange: apart for every kind of colour vision. */
export const HAND_COLOURS: readonly Color[] = [new Color(0x4aa8f0), new Color(0xf5983f)];
export const UNKNOWN_COLOUR = new Color(0xb59ae0);
export const HAND_CSS: readonly string[] = ["#5cb4f2", "#f5a35c"];
export const UNKNOWN_CSS = "#b59ae0";

export const SKIN_TONES: readonly string[] = ["#ecc3a4", "#d9a17b", "#bf8560", "#9b6546", "#754a32", "#4f3223"];
