/** What the probe in a page has seen. Times are of the page's own clock, in milliseconds. */
export interface Probe {
  /** From a key to the frame that shows its echo. */
  glyphs: number[];
  /** From a key to the message that holds its echo. */
  echoes: number[];
  start: StartTimes;
  frames: FrameTimes;
  /** Counts frames from now on; the next Enter begins the flood. */
  watchFrames: () => void;
  /** Resolves when the terminal shows something, with what it shows and when. */
  shown: (pattern: string, flags: string) => Promise<{ text: string; at: number }>;
}

export interface StartTimes {
  clicked: number;
  called: number;
  /** By stage, when the page showed it. */
  stages: Record<string, number>;
  answered: number;
  opened: number;
  firstOutput: number;
  prompt: number;
}

export interface FrameTimes {
  /** When Enter was pressed. */
  begun: number;
  gaps: number[];
  longestTask: number;
  /** When Ctrl+C was pressed last, by the machine's clock. */
  interrupted: number;
}

declare global {
  interface Window {
    probe: Probe;
  }
}

/**
 * Runs in the page before its own scripts, in ours and in the bare one alike. It looks at the DOM that the terminal is drawn
 * into, from the keyboard's own events to the task after the frame that has drawn them: no time of the driver's is in it.
 */
export function installProbe(): void {
  // oxlint-disable unicorn/consistent-function-scoping -- only what is in this function reaches the page
  const output = "0".charCodeAt(0);
  let pressed: number | undefined;
  let isArrived = false;
  let frame: number | undefined;
  const probe: Probe = {
    glyphs: [],
    echoes: [],
    start: { clicked: 0, called: 0, stages: {}, answered: 0, opened: 0, firstOutput: 0, prompt: 0 },
    frames: { begun: 0, gaps: [], longestTask: 0, interrupted: 0 },
    watchFrames,
    shown: async (pattern, flags) => {
      const wanted = new RegExp(pattern, flags);
      for (;;) {
        const text = rows()?.innerText ?? "";
        if (wanted.test(text)) return { text, at: performance.now() };
        await new Promise(requestAnimationFrame);
      }
    },
  };
  window.probe = probe;

  const rows = () => document.querySelector<HTMLElement>(".xterm-rows");
  const glyphsOf = (text: string) => text.split("k").length;
  let glyphs = 0;

  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "k") {
        pressed = event.timeStamp;
        isArrived = false;
        glyphs = glyphsOf(rows()?.textContent ?? "");
      }
      if (event.key === "Enter") probe.frames.begun = event.timeStamp;
      if (event.key === "c" && event.ctrlKey) {
        probe.frames.interrupted = Date.now() - (performance.now() - event.timeStamp);
      }
    },
    true,
  );
  addEventListener(
    "click",
    (event) => {
      if (!(event.target as Element).closest("#start")) return;
      Object.assign(probe.start, { clicked: event.timeStamp, stages: {}, opened: 0, firstOutput: 0, prompt: 0 });
    },
    true,
  );

  /** Calls back in the first task after the frame that is being made. */
  const painted = (callback: (at: number) => void) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => callback(performance.now()), { once: true });
    port1.start();
    port2.postMessage(undefined);
  };

  new MutationObserver(() => {
    const { start } = probe;
    for (const item of document.querySelectorAll<HTMLElement>("#stages [data-reached]")) {
      start.stages[item.dataset["stage"]!] ??= performance.now();
    }
    if (pressed === undefined && !(start.firstOutput > 0 && start.prompt === 0)) return;
    const text = rows()?.textContent ?? "";
    if (start.firstOutput > 0 && start.prompt === 0 && /[$#]/.test(text)) {
      start.prompt = performance.now();
      painted((at) => (start.prompt = at));
    }
    if (pressed === undefined || glyphsOf(text) === glyphs) return;
    const since = pressed;
    pressed = undefined;
    painted((at) => probe.glyphs.push(at - since));
  }).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: ["data-reached"] });

  new PerformanceObserver((list) => {
    for (const { name, startTime, responseEnd } of list.getEntries() as PerformanceResourceTiming[]) {
      if (name.endsWith("/createSession")) Object.assign(probe.start, { called: startTime, answered: responseEnd });
    }
  }).observe({ type: "resource", buffered: true });

  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("open", () => (probe.start.opened ||= performance.now()));
      this.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (!(data instanceof ArrayBuffer)) return;
        // The bare page's messages have no type.
        if (protocols !== undefined && new Uint8Array(data)[0] !== output) return;
        probe.start.firstOutput ||= performance.now();
        if (pressed === undefined || isArrived) return;
        isArrived = true;
        probe.echoes.push(performance.now() - pressed);
      });
    }
  };

  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      probe.frames.longestTask = Math.max(probe.frames.longestTask, duration);
    }
  }).observe({ type: "longtask" });

  function watchFrames() {
    if (frame !== undefined) cancelAnimationFrame(frame);
    Object.assign(probe.frames, { begun: 0, gaps: [], longestTask: 0 });
    let last = performance.now();
    const count = () => {
      const now = performance.now();
      if (probe.frames.begun > 0) probe.frames.gaps.push(now - Math.max(last, probe.frames.begun));
      last = now;
      frame = requestAnimationFrame(count);
    };
    frame = requestAnimationFrame(count);
  }
}
