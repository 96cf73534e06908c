// Pictures of a page made by duemani, drawn by Debian's Chromium without a screen.
// Run it where playwright-core is installed:
//   cd web && npm ci && node ../tools/screenshot.mjs PAGE.html OUT.png [CAMERA] [SECONDS] [WxH] [SCALE]
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(path.resolve("package.json"))("playwright-core");

const [page, out, camera = "player", seconds = "5", size = "1440x900", scale = "1"] = process.argv.slice(2);
if (!page || !out) {
  console.error("usage: screenshot.mjs PAGE.html OUT.png [CAMERA] [SECONDS] [WxH] [SCALE]");
  process.exit(2);
}
const [width, height] = size.split("x").map(Number);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
  ],
});
try {
  const tab = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: Number(scale) });
  tab.on("pageerror", (problem) => console.error(problem.message));
  await tab.goto(`${pathToFileURL(path.resolve(page))}#full`); // full quality in spite of software drawing
  await tab.evaluate(() => window.duemani.ready);
  await tab.evaluate(
    ([name, time]) => {
      window.duemani.camera(name);
      window.duemani.seek(time);
    },
    [camera, Number(seconds)],
  );
  await tab.waitForTimeout(500);
  await tab.screenshot({ path: out });
} finally {
  await browser.close();
}
