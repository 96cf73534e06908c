import { Color } from "three";
import look from "../../../src/duemani/outputs/look.json";

/** Left blue, right orange: apart for every kind of colour vision. */
export const HAND_COLOURS: readonly Color[] = [new Color(look.left), new Color(look.right)];
export const UNKNOWN_COLOUR = new Color(look.unknown);
export const HAND_CSS: readonly string[] = ["#5cb4f2", "#f5a35c"];
export const UNKNOWN_CSS = "#b59ae0";

export const SKIN_TONES: readonly string[] = ["#ecc3a4", "#d9a17b", "#bf8560", "#9b6546", "#754a32", "#4f3223"];
