import { deflateSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { block, CHANNELS, decodeBase64, readMotion, readPageData } from "../../src/shared/data";
import { page } from "../fixtures";

function put(id: string, text: string): void {
  const script = document.createElement("script");
  script.type = "application/json";
  script.id = id;
  script.textContent = text;
  document.body.append(script);
}

beforeEach(() => {
  document.body.replaceChildren();
});

describe("decodeBase64", () => {
  it.each(["", "a", "ab", "abc", "é\0ÿ"])("reads %j back", (text) => {
    expect(Buffer.from(decodeBase64(Buffer.from(text).toString("base64"))).toString()).toBe(text);
  });

  it("joins pieces of a large block", () => {
    const bytes = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31) & 255);
    expect(Buffer.from(decodeBase64(Buffer.from(bytes).toString("base64"))).equals(Buffer.from(bytes))).toBe(true);
  });
});

describe("readMotion", () => {
  const frames = 3;
  const meta = { ...page().motion, frames };

  it("sums differences along time, each channel by itself, and wraps as 16 bits do", async () => {
    const steps = new Int16Array(CHANNELS * frames);
    steps.set([5, -2, 4, 32767, 2, 0]);
    put("duemani-motion", deflateSync(new Uint8Array(steps.buffer)).toString("base64"));
    const { values } = await readMotion(meta);
    expect([...values.slice(0, 7)]).toEqual([5, 3, 7, 32767, -32767, -32767, 0]);
  });

  it("refuses motion that is cut off", async () => {
    put("duemani-motion", deflateSync(new Uint8Array(10)).toString("base64"));
    await expect(readMotion(meta)).rejects.toThrow("incomplete");
  });
});

describe("readPageData", () => {
  it("refuses a format that it does not know", () => {
    put("duemani-data", JSON.stringify({ ...page(), format: "duemani.page/9" }));
    expect(() => readPageData()).toThrow("unknown format");
  });

  it("reads what Python wrote", () => {
    put("duemani-data", JSON.stringify(page()));
    expect(readPageData().notes).toEqual(page().notes);
    expect(block("nothing")).toBe("");
  });
});
