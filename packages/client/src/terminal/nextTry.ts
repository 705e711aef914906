import { closeCodes } from "@cliscale/protocol";
import { delay } from "../calls/silence.ts";
import type { Attention } from "./attention.ts";
import { type Backoff, backoffMilliseconds } from "./backoff.ts";
import type { Outcome } from "./whyEnded.ts";

/** A connection that was attached for so long did not fail at once, so what follows it is a first failure again. */
const steadyMilliseconds = 5000;

/** The longest that a timer waits. */
const longestMilliseconds = 2 ** 31 - 1;

/** What a reattach waits for: its time, or that the terminal is shown. */
export type Wait = { nextTryAt: number } | { whenShown: true };

export interface NextTryOptions {
  backoff: Backoff;
  attention: Attention;
  onWait: (wait: Wait) => void;
  signal: AbortSignal;
}

/** When to attach again. */
export interface NextTry {
  /** Resolves when it is time; rejects with the signal's reason. */
  wait(outcome: Outcome): Promise<void>;
  /** The network or the page is back: it is time, however often it has failed before, if it may attach at all. */
  wake(): void;
  /** The connection has answered: if it breaks, that is news. */
  alive(): void;
}

export function createNextTry({ backoff, attention, onWait, signal }: NextTryOptions): NextTry {
  let failures = 0;
  let isAwake = false;
  let nap: AbortController | undefined;

  async function wait(outcome: Outcome) {
    failures = wasSteady(outcome) ? 1 : failures + 1;
    let pause = pauseAfter(outcome, failures, backoff);
    for (;;) {
      if (!attention.mayAttach) await sleep(longestMilliseconds, { whenShown: true });
      else if (pause > 0 && !isAwake) {
        await sleep(pause, { nextTryAt: Date.now() + pause });
        pause = 0;
      } else break;
    }
    // A network that is said to be back may take another moment.
    if (isAwake) failures = 0;
    isAwake = false;
  }

  /** Ends early when woken. */
  async function sleep(milliseconds: number, why: Wait) {
    nap = new AbortController();
    onWait(why);
    await delay(milliseconds, AbortSignal.any([nap.signal, signal])).catch(() => {});
    signal.throwIfAborted();
    nap = undefined;
  }

  return {
    wait,
    wake() {
      isAwake = true;
      nap?.abort();
    },
    alive() {
      isAwake = false;
    },
  };
}

function wasSteady(outcome: Outcome): boolean {
  return "closing" in outcome && outcome.closing.attachedMilliseconds >= steadyMilliseconds;
}

function pauseAfter(outcome: Outcome, failures: number, backoff: Backoff): number {
  // Another gateway answers at once; a second one that drains as well is given time.
  if ("closing" in outcome && outcome.closing.code === closeCodes.draining && failures === 1) return 0;
  const asked = "error" in outcome ? (outcome.error.details.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.max(asked, backoffMilliseconds(failures, backoff));
}
