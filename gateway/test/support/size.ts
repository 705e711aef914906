/** Whether tests run at the size at which they show what production would (`npm run test:full`). */
export const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";

/** What a test takes of something: this much in `npm test`, that much at full size. */
export function sized(small: number, full: number): number {
  return isFull ? full : small;
}
