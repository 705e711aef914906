import { setTimeout as delay } from "node:timers/promises";
import { closeCodes } from "@cliscale/protocol";
import { closeSplice, type Splice } from "./splice/splice.ts";

export interface DrainOptions {
  open: ReadonlySet<Splice>;
  /** Attaches under way, which may still become sockets. */
  pendingHandshakes: () => number;
  /** Over which sockets are closed, so that their clients do not all attach elsewhere at once. */
  windowMilliseconds: number;
  /** How long a socket takes to close at most. */
  closeMilliseconds: number;
  /** Ends the window when aborted. */
  hurry: AbortSignal;
}

const tickMilliseconds = 50;
const draining = { code: closeCodes.draining, reason: "the gateway is restarting: attach again" };

/** Closes all sockets with 1012, evenly over the window; resolves when none is left, or at its end and a socket's. */
export async function drain(options: DrainOptions): Promise<void> {
  const { open, pendingHandshakes, windowMilliseconds, closeMilliseconds, hurry } = options;
  let windowEndsAt = performance.now() + windowMilliseconds;
  for (;;) {
    const now = performance.now();
    if (hurry.aborted) windowEndsAt = Math.min(windowEndsAt, now);
    if (open.size === 0 && pendingHandshakes() === 0) return;
    if (now > windowEndsAt + closeMilliseconds) return;
    closeShare(open, Math.max(1, Math.ceil((windowEndsAt - now) / tickMilliseconds)));
    await delay(tickMilliseconds);
  }
}

/** Closes as many of the sockets as leaves the rest for the other ticks. */
function closeShare(open: ReadonlySet<Splice>, ticksLeft: number): void {
  const waiting = Array.from(open).filter((splice) => splice.state === "open");
  const share = Math.ceil(waiting.length / ticksLeft);
  for (const splice of waiting.slice(0, share)) closeSplice(splice, draining);
}
