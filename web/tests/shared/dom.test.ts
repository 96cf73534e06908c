import { describe, expect, it } from "vitest";
import { element, make, svg } from "../../src/shared/dom";
import { firstWhere } from "../../src/shared/search";
import { clockText } from "../../src/shared/text";

describe("make and svg", () => {
  it.each(["<img src=x onerror=alert(1)>", "</li><script>alert(1)</script>", "&amp;"])("set %j as text, never as markup", (hostile) => {
    for (const made of [make("li", "", hostile), svg("text", { x: 1 }, hostile)]) {
      expect(made.textContent).toBe(hostile);
      expect(made.childNodes).toHaveLength(1);
      expect(made.children).toHaveLength(0);
    }
  });

  it("leave out what is empty", () => {
    expect(make("p", "", "", null, false, undefined, "a").childNodes).toHaveLength(1);
  });
});

describe("element", () => {
  it("names what the page lacks", () => {
    expect(() => element("nowhere")).toThrow("#nowhere");
  });
});

describe("clockText", () => {
  it.each([[0, "0:00"], [75.9, "1:15"], [3600, "1:00:00"], [3725, "1:02:05"]] as const)("tells %d s as %s", (sec, text) => {
    expect(clockText(sec)).toBe(text);
  });

  it("cuts tenths, never rounds a second up", () => {
    expect(clockText(75.39, true)).toBe("1:15.3");
    expect(clockText(59.99, true)).toBe("0:59.9");
  });
});

describe("firstWhere", () => {
  it("finds the first from which on it holds", () => {
    const sorted = [1, 3, 3, 7];
    expect([0, 3, 4, 9].map((x) => firstWhere(sorted.length, (i) => (sorted[i] as number) >= x))).toEqual([0, 1, 3, 4]);
    expect(firstWhere(0, () => true)).toBe(0);
  });
});
