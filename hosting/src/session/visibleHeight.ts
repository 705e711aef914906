/**
 * Keeps `--visible-height` at what the on-screen keyboard leaves of the window. Some browsers shrink the page for it, others lay
 * it over: https://developer.mozilla.org/docs/Web/API/VisualViewport
 */
export function followVisibleHeight(signal: AbortSignal): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const follow = () => {
    // Zoomed in by two fingers less is seen, and nothing covers the page.
    const height = Math.round(viewport.height * viewport.scale);
    document.documentElement.style.setProperty("--visible-height", `${height}px`);
    // Safari scrolls the page up behind the keyboard.
    if (viewport.scale === 1 && viewport.offsetTop > 0) window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", follow, { signal });
  viewport.addEventListener("scroll", follow, { signal });
  signal.addEventListener("abort", () => document.documentElement.style.removeProperty("--visible-height"));
  follow();
}
