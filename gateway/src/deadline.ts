/** A step of an attach took longer than it may. */
export class DeadlineExceeded extends Error {
  override name = "DeadlineExceeded";
}

/** Waits for this long at most. The work itself is not ended. @throws DeadlineExceeded, or what the work throws. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = () => reject(new DeadlineExceeded(`${what} took longer than ${milliseconds} ms`));
  const timer = setTimeout(late, milliseconds);
  work.then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** What is left of the time for several steps that follow each other. */
export class TimeLimit {
  private readonly endsAt: number;

  constructor(milliseconds: number) {
    this.endsAt = performance.now() + milliseconds;
  }

  /** How long a step may take that must not take longer than this by itself. */
  forStep(milliseconds: number): number {
    return Math.max(0, Math.min(milliseconds, this.endsAt - performance.now()));
  }
}
