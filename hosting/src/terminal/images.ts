import type { ImageAddon } from "@xterm/addon-image";
import type { Terminal as Xterm } from "@xterm/xterm";
import { followPreferences } from "../preferences.ts";

/** What a program may have the page hold. A picture has four bytes a pixel; the oldest go when there are too many. */
const limits = {
  pixelLimit: 4096 * 2048,
  /** In MB. */
  storageLimit: 64,
  sixelSizeLimit: 8 * 1024 * 1024,
  iipSizeLimit: 8 * 1024 * 1024,
};

/** Draws pictures (Sixel, iTerm) while the reader wants them. `onLoaded` is called when queries are answered for them. */
export function showImages(xterm: Xterm, onLoaded: () => void, signal: AbortSignal): void {
  let addon: ImageAddon | undefined;
  let isWanted = false;

  async function load() {
    const { ImageAddon } = await import("@xterm/addon-image");
    if (!isWanted || addon || signal.aborted) return;
    // Sizes in pixels are not reported, with pictures as without.
    addon = new ImageAddon({ ...limits, enableSizeReports: false });
    xterm.loadAddon(addon);
    onLoaded();
  }

  followPreferences(({ images }) => {
    if (images === isWanted) return;
    isWanted = images;
    // Without its code the terminal goes on without pictures; the next one asks for it again.
    if (images) return void load().catch(() => undefined);
    addon?.dispose();
    addon = undefined;
  }, signal);
}
