import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

const SCRIPT_TAG = /<script type="module"[^>]*src="[^"]*"[^>]*><\/script>/;
const STYLE_TAG = /<link rel="stylesheet"[^>]*>/;

/**
 * Folds script and style into the HTML file, and lets only that script run: what duemani fills in
 * later (titles, data) cannot execute, and nothing can be loaded from anywhere.
 */
function oneFile(page: string): Plugin {
  return {
    name: "duemani-one-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const html = bundle[page];
      if (html?.type !== "asset") throw new Error(`${page} is missing from the bundle`);
      let script = "";
      let style = "";
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk") script += file.code;
        else if (name.endsWith(".css")) style += String(file.source);
        else continue;
        delete bundle[name];
      }
      script = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
      const hash = createHash("sha256").update(script).digest("base64");
      html.source = String(html.source)
        .replace(SCRIPT_TAG, "")
        .replace(STYLE_TAG, "")
        .replace("__DUEMANI_SCRIPT_HASH__", () => `'sha256-${hash}'`)
        .replace("</head>", () => `<style>${style}</style>\n</head>`)
        .replace("</body>", () => `<script type="module">${script}</script>\n</body>`);
    },
  };
}

// One page a build, so that each stands alone: `vite build --mode review` makes review.html.
export default defineConfig(({ mode }) => ({
  base: "./",
  assetsInclude: ["**/*.glb"],
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 1_000_000,
    chunkSizeWarningLimit: 2000,
    outDir: "dist",
    rolldownOptions: { input: `${mode}.html` },
  },
  plugins: [oneFile(`${mode}.html`)],
}));
