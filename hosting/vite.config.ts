import { defineConfig } from "vite";

export default defineConfig({
  build: {
    // Browsers of the last two years; no older one can run the page's other APIs.
    target: "baseline-widely-available",
    sourcemap: true,
    // Nothing may be inlined: the page's Content-Security-Policy allows its own files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
