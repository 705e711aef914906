import { type CloseCode, closeCodes } from "@cliscale/protocol";
import type { Close } from "../splice/closeFrame.ts";

interface Meaning {
  code: CloseCode;
  /** Told to the client: 123 bytes of ASCII at most. */
  reason: string;
}

/** Why a client is refused, in the order in which it is checked. */
const refusals = {
  draining: { code: closeCodes.draining, reason: "the gateway is restarting: attach again" },
  tooManyHandshakes: { code: closeCodes.tooMany, reason: "too many handshakes at once: try again later" },
  malformed: { code: closeCodes.malformed, reason: "malformed request" },
  foreignOrigin: { code: closeCodes.forbidden, reason: "this origin is not allowed" },
  unauthenticated: { code: closeCodes.unauthenticated, reason: "the token is missing, malformed, not ours or expired" },
  otherSession: { code: closeCodes.forbidden, reason: "the token belongs to another session" },
  tooManySockets: { code: closeCodes.tooMany, reason: "too many connections are open" },
  tokenUsed: { code: closeCodes.tokenUsed, reason: "the token was used before" },
  sessionGone: { code: closeCodes.gone, reason: "the session is unknown or has ended" },
  unavailable: { code: closeCodes.unavailable, reason: "the terminal or a dependency cannot be reached: try again" },
} as const satisfies Record<string, Meaning>;

export type RefusalOutcome = keyof typeof refusals;

/** A client that is not let in. `detail` is told to it where it can act on that; `cause` is for the log. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly outcome: RefusalOutcome;
  readonly close: Close;

  constructor(outcome: RefusalOutcome, detail?: string, options?: ErrorOptions) {
    const { code, reason } = refusals[outcome];
    super(detail === undefined ? reason : `${reason}: ${detail}`, options);
    this.outcome = outcome;
    this.close = { code, reason: this.message };
  }
}
