/**
 * The WebSocket close codes of an attach. 44xx mirror HTTP's 4xx; RFC 6455 §7.4.2 leaves 4000–4999 to applications.
 * Before the terminal is attached they say why the gateway refuses, afterwards why it lets go.
 */
export const closeCodes = {
  /** The command ended; an exit message came before it. */
  ended: 1000,
  /** The gateway is draining: attach again, another one answers. */
  draining: 1012,
  /** Malformed request or token in the URL; after attaching, a violation of the protocol. */
  malformed: 4400,
  /** The token is missing, malformed, not ours or expired. */
  unauthenticated: 4401,
  /** The token belongs to another session, or the origin is not allowed. */
  forbidden: 4403,
  /** The session is unknown or has ended. */
  gone: 4404,
  /** The token was used before. */
  tokenUsed: 4409,
  /** Too many connections or handshakes. */
  tooMany: 4429,
  /** The terminal, or something the gateway depends on, cannot be reached: try again. */
  unavailable: 4503,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** What a client may do about a close code it was given: nothing, or attach again with a fresh token. */
export function canAttachAgain(code: number): boolean {
  return code !== closeCodes.ended && code !== closeCodes.gone && code !== closeCodes.forbidden;
}
