import type { Attach } from "@cliscale/protocol";
import { CallError } from "../calls/callError.ts";
import type { Client } from "../client.ts";
import { startStopwatch } from "./stopwatch.ts";

/**
 * A session that was attached is ready, so that its call is answered at once; and a call that hangs may do so for the network
 * that it began on, so it is not waited for once there is a new one. In milliseconds.
 */
const patience = { call: 20_000, awake: 3000 };

/** The call for a token. */
export interface FreshAttach {
  /** @throws CallError */
  readonly attach: Promise<Attach>;
  /** The network or the page is back: gives a call up that has not been answered for a while. */
  wake(): void;
}

/** Asks for a token. `isKnownReady` says that the session has been attached before. */
export function askForAttach(
  client: Client,
  sessionId: string,
  isKnownReady: boolean,
  signal: AbortSignal,
): FreshAttach {
  const hanging = new AbortController();
  const waited = startStopwatch();
  const timer = isKnownReady ? setTimeout(() => hanging.abort(), patience.call) : undefined;

  async function ask(): Promise<Attach> {
    try {
      const call = client.attachSession(sessionId, { signal: AbortSignal.any([signal, hanging.signal]) });
      const { attach, session } = await call;
      if (attach) return attach;
      throw session.state === "ended"
        ? new CallError("failed-precondition", "The session has ended.")
        : new CallError("unavailable", "The session is still starting.");
    } catch (error) {
      signal.throwIfAborted();
      if (hanging.signal.aborted)
        throw new CallError("unavailable", "The service does not answer.", {}, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    attach: ask(),
    wake: () => waited() > patience.awake && hanging.abort(),
  };
}
