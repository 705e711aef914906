import type { Clock } from "../../src/scheduler/clock.ts";

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  /** Goes to a time, in milliseconds since 1970, letting the timers up to then call back in their order. */
  advanceTo: (time: number) => void;
}

export function createTestClock(startTime = Date.parse("2026-11-23T10:00:30Z")): TestClock {
  let now = startTime;
  const timers = new Set<{ due: number; callback: () => void }>();

  function nextDue(until: number) {
    return [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
  }

  return {
    now: () => now,
    setTimeout(callback, milliseconds) {
      const timer = { due: now + milliseconds, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advanceTo(time) {
      for (let timer = nextDue(time); timer; timer = nextDue(time)) {
        timers.delete(timer);
        now = Math.max(now, timer.due);
        timer.callback();
      }
      now = Math.max(now, time);
    },
  };
}
