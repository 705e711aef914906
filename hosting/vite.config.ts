import { resolve } from "node:path";
import { defineConfig } from "vite";

/** The page's presets are the operator's templates where there is a file of those, named as it is for the functions. */
const templates = process.env["CLISCALE_TEMPLATES"];

export default defineConfig({
  resolve: { alias: templates ? { "@cliscale/functions/templates.json": resolve(templates) } : {} },
  build: {
    // Browsers of the last two years; no older one can run the page's other APIs.
    target: "baseline-widely-available",
    sourcemap: true,
    // Nothing may be inlined: the page's Content-Security-Policy allows its own files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
