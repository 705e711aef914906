import { startStopwatch } from "./stopwatch.ts";

/** Whether anybody uses a terminal. An attach keeps a session alive, so a hidden tab that nobody uses must not attach by itself. */
export interface Attention {
  /** It is used: typed into, or looked at until now. */
  used(): void;
  setHidden(isHidden: boolean): void;
  /** Whether it may attach by itself: it can be seen, or has been used a moment ago. */
  readonly mayAttach: boolean;
}

/** `graceMilliseconds` is for how long after its last use a hidden terminal may still attach by itself. */
export function createAttention(graceMilliseconds: number): Attention {
  let isHidden = false;
  let sinceUse = startStopwatch();

  function used() {
    sinceUse = startStopwatch();
  }

  return {
    used,
    setHidden(next) {
      // It was looked at until now. One that is hidden from the start never was.
      if (next !== isHidden) used();
      isHidden = next;
    },
    get mayAttach() {
      return !isHidden || sinceUse() <= graceMilliseconds;
    },
  };
}
