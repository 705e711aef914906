import { byId } from "../dom.ts";
import { keysInWords } from "../shortcuts.ts";

/** The session alone on the screen. */
export interface FullScreen {
  /** Phones that show only films so have it not. */
  readonly isPossible: boolean;
  toggle(): Promise<void>;
  leave(): void;
}

/** https://wicg.github.io/keyboard-lock/: Chromium's alone. */
interface Keyboard {
  lock(keys: string[]): Promise<void>;
  unlock(): void;
}

const hintMilliseconds = 6000;

/** `onChange` is called after each way in and out, also that of the browser. */
export function createFullScreen(
  section: HTMLElement,
  onChange: (isFull: boolean) => void,
  signal: AbortSignal,
): FullScreen {
  const hint = byId("full-screen-hint", HTMLParagraphElement);
  const { keyboard } = navigator as { keyboard?: Keyboard };
  let hiding: ReturnType<typeof setTimeout> | undefined;

  const isFull = () => document.fullscreenElement === section;

  async function enter() {
    await section.requestFullscreen({ navigationUI: "hide" });
    tell(await keepEscape());
  }

  /** Programs need Escape. Returns whether they get it. */
  async function keepEscape(): Promise<boolean> {
    try {
      await keyboard?.lock(["Escape"]);
      return keyboard !== undefined;
    } catch {
      return false;
    }
  }

  function tell(hasEscape: boolean) {
    const keys = keysInWords("fullScreen");
    hint.textContent = hasEscape
      ? `Esc goes to the program. ${keys} leaves full screen, and so does holding Esc.`
      : `Esc or ${keys} leaves full screen.`;
    hint.hidden = false;
    hiding = setTimeout(() => (hint.hidden = true), hintMilliseconds);
  }

  function follow() {
    if (!isFull()) {
      keyboard?.unlock();
      clearTimeout(hiding);
      hint.hidden = true;
    }
    onChange(isFull());
  }

  function leave() {
    if (isFull()) void document.exitFullscreen();
  }

  document.addEventListener("fullscreenchange", follow, { signal });
  return {
    isPossible: document.fullscreenEnabled,
    async toggle() {
      if (isFull()) await document.exitFullscreen();
      else await enter().catch(() => undefined);
    },
    leave,
  };
}
