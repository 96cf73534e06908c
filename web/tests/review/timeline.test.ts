import { beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "../../src/review/session";
import { Timeline } from "../../src/review/timeline";
import { Clock } from "../../src/shared/clock";
import { review } from "../fixtures";

let rects: number[][];

/** A canvas 854 px wide, of which 800 show time. */
function opened(durationSec: number): { session: Session; canvas: HTMLCanvasElement } {
  document.body.innerHTML =
    '<section id="timeline"><p id="curve-legend"></p><button id="zoom-in"></button><button id="zoom-out"></button><button id="zoom-all"></button><canvas id="lanes"></canvas></section>';
  const canvas = document.getElementById("lanes") as HTMLCanvasElement;
  Object.defineProperty(canvas, "clientWidth", { value: 854 });
  const nothing = () => undefined;
  const context = new Proxy({ fillRect: (...at: number[]) => rects.push(at), measureText: () => ({ width: 10 }) } as Record<string, unknown>, {
    get: (target, name: string) => target[name] ?? nothing,
  });
  canvas.getContext = (() => context) as unknown as HTMLCanvasElement["getContext"];
  canvas.setPointerCapture = nothing;
  const data = { ...review(), duration_sec: durationSec };
  const session = new Session(data, new Clock(durationSec));
  new Timeline(session);
  return { session, canvas };
}

function pressed(canvas: HTMLCanvasElement, x: number): void {
  const event = new PointerEvent("pointerdown", { pointerId: 1 });
  Object.defineProperty(event, "offsetX", { value: x });
  canvas.dispatchEvent(event);
}

beforeEach(() => {
  rects = [];
  vi.stubGlobal("requestAnimationFrame", vi.fn());
  vi.stubGlobal("ResizeObserver", class { observe(): void {} });
});

describe("Timeline", () => {
  it("shows a short take whole, and seeks where it is pressed", () => {
    const { session, canvas } = opened(8);
    pressed(canvas, 46 + 400);
    expect(session.clock.time).toBeCloseTo(4);
  });

  it("shows half a minute of a long take, and half as much when zoomed in", () => {
    const { session, canvas } = opened(300);
    pressed(canvas, 46 + 800);
    expect(session.clock.time).toBeCloseTo(30);
    session.seek(0);
    (document.getElementById("zoom-in") as HTMLElement).click();
    pressed(canvas, 46 + 800);
    expect(session.clock.time).toBeCloseTo(15);
    (document.getElementById("zoom-all") as HTMLElement).click();
    pressed(canvas, 46 + 800);
    expect(session.clock.time).toBeCloseTo(300);
  });

  it("draws notes at their times and a cursor at the clock's", () => {
    const { session } = opened(8);
    session.seek(2);
    session.draw();
    expect(rects.some(([x, , width]) => x === 46 + 50 && Math.abs((width as number) - 49.4) < 1e-6)).toBe(true);
    expect(rects.at(-1)?.slice(0, 3)).toEqual([46 + 200 - 1, 0, 2]);
  });

  it("follows the music when it leaves the window", () => {
    const { session, canvas } = opened(300);
    session.clock.playing = true;
    session.clock.time = 29;
    for (const draw of session.onDraw) draw();
    pressed(canvas, 46);
    expect(session.clock.time).toBeCloseTo(26);
  });
});
