import { terminalProtocol } from "@cliscale/protocol";
import { isPodProof, proofHeader } from "@cliscale/service";
import { acceptOf } from "../websocketAccept.ts";

/** A pod that cannot be reached, is not the session's, or does not speak as it must. */
export class PodError extends Error {
  override name = "PodError";
}

export interface ExpectedAnswer {
  /** The Sec-WebSocket-Key of the gateway's handshake. */
  key: string;
  podSecret: string;
  /** A stock ttyd cannot prove which session's it is. */
  proofRequired: boolean;
}

const statusLine = /^HTTP\/1\.1 101(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/**
 * Checks a pod's answer to the gateway's opening handshake (RFC 6455 §4.1) and its proof of identity. `head` is the answer up
 * to the empty line.
 * @throws PodError naming what is wrong, in the gateway's own words.
 */
export function checkPodAnswer(head: string, { key, podSecret, proofRequired }: ExpectedAnswer): void {
  const [status, ...lines] = head.split("\r\n");
  if (!statusLine.test(status ?? "")) throw new PodError("the pod did not answer 101");
  const headers = readHeaders(lines);
  const connection = headers.get("connection")?.toLowerCase().split(",") ?? [];
  if (
    headers.get("upgrade")?.toLowerCase() !== "websocket" ||
    !connection.some((token) => token.trim() === "upgrade")
  ) {
    throw new PodError("the pod did not upgrade to a WebSocket");
  }
  if (headers.get("sec-websocket-accept") !== acceptOf(key))
    throw new PodError("the pod's Sec-WebSocket-Accept is wrong");
  if (headers.get("sec-websocket-protocol") !== terminalProtocol)
    throw new PodError("the pod chose another subprotocol");
  if (headers.has("sec-websocket-extensions")) throw new PodError("the pod chose an extension that was not offered");
  if (proofRequired && !isPodProof(podSecret, key, headers.get(proofHeader.toLowerCase()))) {
    throw new PodError("the pod did not prove that it is the session's");
  }
}

/** By lower-case name. A header that occurs twice is an error: none of those read here may. */
function readHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new PodError("the pod's answer is not HTTP");
    if (headers.has(name.toLowerCase())) throw new PodError("the pod's answer has a header twice");
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}
