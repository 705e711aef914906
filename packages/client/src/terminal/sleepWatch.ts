const tickMilliseconds = 2000;
/** A tick this much early or late, by the clock on the wall, is no mere delay. */
const jumpMilliseconds = 5000;

/** Calls back when the machine or the page has slept, or its clock was set: a connection may have died meanwhile. */
export function watchForSleep(onWake: () => void): { stop(): void } {
  let last = Date.now();
  const timer = setInterval(() => {
    const passed = Date.now() - last;
    last += passed;
    if (Math.abs(passed - tickMilliseconds) > jumpMilliseconds) onWake();
  }, tickMilliseconds);
  return { stop: () => clearInterval(timer) };
}
