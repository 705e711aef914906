/**
 * The WebSocket close codes of an attach. 44xx mirror HTTP's 4xx; RFC 6455 §7.4.2 leaves 4000–4999 to applications.
 * Before the terminal is attached they say why the gateway refuses, afterwards why it lets go.
 */
export const closeCodes = {
  ended: 1000,
  draining: 1012,
  malformed: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  gone: 4404,
  tokenUsed: 4409,
  tooMany: 4429,
  unavailable: 4503,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** What each code says before the terminal is attached, and after; absent where it is not used then. */
export const closeCodeMeanings: Record<keyof typeof closeCodes, { before?: string; after?: string }> = {
  ended: { after: "The command ended; an exit message came before it." },
  draining: { before: "The gateway is draining: attach again, another one answers.", after: "The same." },
  malformed: {
    before: "The request is malformed, has two tokens, or a token in its URL.",
    after: "A message broke the protocol.",
  },
  unauthenticated: { before: "The token is missing, malformed, not ours or expired." },
  forbidden: { before: "The token is for another session, or the page's origin is not allowed." },
  gone: {
    before: "The session is unknown or has ended.",
    after: "The session was stopped, was idle, or is past its deadline: its `endReason` tells.",
  },
  tokenUsed: { before: "The token has been used." },
  tooMany: { before: "Too many connections or handshakes." },
  unavailable: {
    before: "The terminal, or something that the gateway depends on, cannot be reached: try again.",
    after: "The pod is gone.",
  },
};

/** What a client may do about a close code it was given: nothing, or attach again with a fresh token. */
export function canAttachAgain(code: number): boolean {
  return code !== closeCodes.ended && code !== closeCodes.gone && code !== closeCodes.forbidden;
}
