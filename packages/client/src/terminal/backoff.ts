export interface Backoff {
  minimumMilliseconds: number;
  maximumMilliseconds: number;
}

export const defaultBackoff: Backoff = { minimumMilliseconds: 1000, maximumMilliseconds: 30_000 };

/**
 * How long to wait after so many failures in a row (1 or more): at random between the minimum and a ceiling that doubles up to
 * the maximum, so that clients cut at the same moment come back spread out.
 */
export function backoffMilliseconds(failures: number, { minimumMilliseconds, maximumMilliseconds }: Backoff): number {
  const ceiling = Math.min(maximumMilliseconds, minimumMilliseconds * 2 ** failures);
  return minimumMilliseconds + Math.random() * (ceiling - minimumMilliseconds);
}
