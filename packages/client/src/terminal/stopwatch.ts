/**
 * Starts to measure: the function tells how many milliseconds have passed, by whichever clock says more. The steady one may stand
 * still while the machine sleeps, and the one on the wall can be set back.
 */
export function startStopwatch(): () => number {
  const wall = Date.now();
  const steady = performance.now();
  return () => Math.max(Date.now() - wall, performance.now() - steady);
}
