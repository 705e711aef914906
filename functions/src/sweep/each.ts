import { describe } from "../http/errors.ts";

/** Things that a sweep does at once: enough to be done in time, few enough not to crowd out the calls of users. */
const concurrency = 10;
/** An outage fails everything: after so many failures the rest is left to the next sweep. */
const toleratedFailures = 10;

/** Does something for each of many, some at a time. @throws AggregateError in the end, with what failed. */
export async function forEachBounded<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const errors: unknown[] = [];
  const remaining = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = remaining.next(); !next.done; next = remaining.next()) {
      if (errors.length >= toleratedFailures) return;
      await work(next.value).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} failed, the first: ${describe(errors[0])}`);
}
