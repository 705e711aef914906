import { createHmac, timingSafeEqual } from "node:crypto";

// One secret per session is known to its row and to its pod and is never sent. What is sent is derived from it.

/** The path under which a pod serves its terminal; nobody without the secret can name it. */
export function terminalPath(podSecret: string): string {
  return hmac(podSecret, "path");
}

/** The header of the pod's answer to a handshake, by which it proves that it holds the session's secret. */
export const proofHeader = "X-Cliscale-Proof";

/** The proof for one handshake: `webSocketKey` is the text of its Sec-WebSocket-Key header. */
export function podProof(podSecret: string, webSocketKey: string): string {
  return hmac(podSecret, `proof:${webSocketKey}`);
}

/** Whether a pod's answer proves that it holds the session's secret. */
export function isPodProof(podSecret: string, webSocketKey: string, answer: string | undefined): boolean {
  const expected = Buffer.from(podProof(podSecret, webSocketKey));
  const given = Buffer.from(answer ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hmac(podSecret: string, text: string): string {
  return createHmac("sha256", podSecret).update(text).digest("base64url");
}
