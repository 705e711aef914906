/** A version of the signing key. */
export interface Version {
  /** Resource name in Cloud KMS. */
  name: string;
  /** Milliseconds since 1970. */
  createdAt: number;
}

/** Longer than any cache of the JWKS lives (`max-age` of 60 s, gateways refresh every 60 s): then all of them know a new key. */
export const publishedMilliseconds = 10 * 60_000;

/**
 * The version that signs: the newest one that every gateway must know by now, else the oldest, since on the first day
 * nothing older could sign.
 * @throws Error when there is none.
 */
export function signingVersion<V extends Version>(enabled: V[], now: number): V {
  const oldestFirst = enabled.toSorted((a, b) => a.createdAt - b.createdAt);
  const version = oldestFirst.findLast(({ createdAt }) => createdAt <= now - publishedMilliseconds) ?? oldestFirst[0];
  if (!version) throw new Error("the signing key has no enabled version: create one in Cloud KMS");
  return version;
}
