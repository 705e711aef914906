import type { Terminal as Xterm } from "@xterm/xterm";

/**
 * Has the graphics card draw a terminal, where there is one: elsewhere the DOM, with which an xterm begins, is faster. It goes
 * back to the DOM when the card takes its context away, as after sleep.
 */
export async function accelerate(xterm: Xterm, signal: AbortSignal): Promise<void> {
  if (!hasGraphicsCard()) return;
  const { WebglAddon } = await import("@xterm/addon-webgl");
  if (signal.aborted) return;
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    xterm.loadAddon(webgl);
  } catch {
    // The browser has no context left for it; the DOM goes on.
  }
}

/** Names of what draws with the processor: SwiftShader of Chromium, llvmpipe and softpipe of Mesa, WARP of Windows. */
const software = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether WebGL is there, and not emulated. */
function hasGraphicsCard(): boolean {
  const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!probe) return false;
  const named = probe.getExtension("WEBGL_debug_renderer_info");
  const name = String(probe.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : probe.RENDERER));
  // A page may hold only so many contexts.
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  return !software.test(name);
}
