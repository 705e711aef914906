import type { Session } from "@cliscale/protocol";

/** What ends a running session next if nobody does anything. */
export interface NextEnd {
  cause: "idle" | "lifetime";
  /** When, in milliseconds since 1970. */
  at: number;
  /** From when on it is warned of. */
  warnAt: number;
}

const warningMilliseconds = 120_000;

/** `activeAt` is when this page last typed or attached, in milliseconds since 1970, of which the session may not tell yet. */
export function nextEnd({ expiresAt, idleAt, idleSeconds }: Session, activeAt = 0): NextEnd {
  const lifetimeAt = Date.parse(expiresAt);
  const idle = idleAt === undefined ? Infinity : Math.max(Date.parse(idleAt), activeAt + idleSeconds * 1000);
  if (lifetimeAt <= idle) return { cause: "lifetime", at: lifetimeAt, warnAt: lifetimeAt - warningMilliseconds };
  // A session that may be idle for a few minutes only would be warned of all the time.
  return { cause: "idle", at: idle, warnAt: idle - Math.min(warningMilliseconds, idleSeconds * 500) };
}
