/** Time as the scheduler sees it, so that a test can be faster than it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Calls back once, possibly earlier than asked for where the wait is long; returns what cancels it. */
  setTimeout: (callback: () => void, milliseconds: number) => () => void;
}

/** Node's timers cannot wait longer: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const longestTimeout = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, milliseconds) {
    const timer = setTimeout(callback, Math.min(milliseconds, longestTimeout));
    return () => clearTimeout(timer);
  },
};
