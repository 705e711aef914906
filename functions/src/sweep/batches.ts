/** Rows that one statement touches, so that none holds locks for long. */
export const batchSize = 500;
/** Batches that one sweep does of one kind; the next one goes on. */
const maximumBatches = 20;

/** Repeats a step that does a batch at a time until there is no more to do; resolves to how many rows it has done. */
export async function inBatches(step: () => Promise<number>): Promise<number> {
  let done = 0;
  for (let batch = 0; batch < maximumBatches; batch++) {
    const count = await step();
    done += count;
    if (count < batchSize) break;
  }
  return done;
}
