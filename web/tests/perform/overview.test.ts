import { expect, it, vi } from "vitest";
import { Score } from "../../src/hands/score";
import { Overview } from "../../src/perform/overview";
import { Clock } from "../../src/shared/clock";
import { page } from "../fixtures";

function overview() {
  const strip = document.createElement("div");
  strip.innerHTML = '<canvas></canvas><div id="loop-range"></div><div id="playhead"></div>';
  const clock = new Clock(8);
  const rects: number[][] = [];
  const canvas = strip.querySelector("canvas") as HTMLCanvasElement;
  Object.defineProperties(canvas, { clientWidth: { value: 800 }, clientHeight: { value: 60 } });
  const context = { fillStyle: "", globalAlpha: 1, fillRect: (...at: number[]) => rects.push(at) };
  canvas.getContext = (() => context) as unknown as HTMLCanvasElement["getContext"];
  strip.getBoundingClientRect = () => new DOMRect(100, 0, 400, 60);
  return { strip, clock, rects, shown: new Overview(strip, new Score(page()), clock) };
}

it("draws every note where it is in the piece, higher keys higher up", () => {
  const { rects, shown } = overview();
  shown.draw();
  expect(rects.map((rect) => rect[0])).toEqual([50, 100, 400]);
  expect(rects[0]?.[2]).toBeCloseTo(50);
  const tops = rects.map((rect) => rect[1] as number);
  expect(tops[1]).toBeGreaterThan(tops[0] as number);
  expect(tops[0]).toBeGreaterThan(tops[2] as number);
});

it("shows the time, the loop and says both to those who listen", () => {
  const { strip, clock, shown } = overview();
  clock.seek(2);
  clock.loop = { on: true, fromSec: 2, toSec: 6 };
  shown.update();
  expect((strip.querySelector("#playhead") as HTMLElement).style.left).toBe("25.000%");
  const range = strip.querySelector("#loop-range") as HTMLElement;
  expect([range.hidden, range.style.left, range.style.right]).toEqual([false, "25.000%", "25.000%"]);
  expect(strip.getAttribute("aria-valuetext")).toBe("0:02 of 0:08");
});

it("seeks where it is pressed", () => {
  const { strip, shown } = overview();
  strip.setPointerCapture = vi.fn();
  shown.onSeek = vi.fn();
  strip.dispatchEvent(new PointerEvent("pointerdown", { clientX: 200 }));
  expect(shown.onSeek).toHaveBeenCalledWith(2);
});
