/** A clock that is only compared with itself: it goes on evenly, and its whole numbers cost no memory where they are kept. */
export function milliseconds(): number {
  return Math.trunc(performance.now());
}
