import type { CloseCode } from "@cliscale/protocol";

/** Why a WebSocket is closed: a code, and a reason of 123 bytes at most in ASCII. */
export interface Close {
  code: CloseCode;
  reason: string;
}

const closeHeader = 0x88;

/** A Close frame as a server sends it (RFC 6455 §5.5.1). */
export function encodeClose({ code, reason }: Close): Buffer {
  const frame = Buffer.alloc(4 + reason.length);
  frame[0] = closeHeader;
  frame[1] = 2 + reason.length;
  frame.writeUInt16BE(code, 2);
  frame.write(reason, 4, "latin1");
  return frame;
}

/** The code in a whole Close frame from a server; undefined when it carries none. */
export function closeCodeOf(frame: Buffer): number | undefined {
  return frame.length < 4 ? undefined : frame.readUInt16BE(2);
}
