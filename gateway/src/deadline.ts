/** A step of an attach took longer than it may. */
export class DeadlineExceeded extends Error {
  override name = "DeadlineExceeded";
}

/** Waits for this long at most. The work itself is not ended. @throws DeadlineExceeded, or what the work throws. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded(`${what} took longer than ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
