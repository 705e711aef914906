/** How soon to look again at something that may change: often while it does, ever more seldom while it does not. */
export interface Pace {
  /** After a look: the milliseconds until the next. */
  next(isChanged: boolean): number;
  /** After a look that failed. */
  nextAfterFailure(): number;
  /** Somebody is waiting for news: from now on often again. */
  quicken(): void;
}

const shortestMilliseconds = 2000;
const longestMilliseconds = 30_000;
const growth = { unchanged: 1.3, failed: 2 };

export function createPace(): Pace {
  let pause = shortestMilliseconds;
  const grow = (factor: number) => (pause = Math.min(pause * factor, longestMilliseconds));
  return {
    next(isChanged) {
      if (isChanged) pause = shortestMilliseconds;
      else grow(growth.unchanged);
      return pause;
    },
    nextAfterFailure: () => grow(growth.failed),
    quicken() {
      pause = shortestMilliseconds;
    },
  };
}
