import { randomBytes } from "node:crypto";

/** Headers as a browser sends them, with the cookies of a site that others set too: about 1.2 KB in all. */
const browserHeaders = [
  "Host: gateway.test",
  "Connection: Upgrade",
  "Pragma: no-cache",
  "Cache-Control: no-cache",
  "User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Upgrade: websocket",
  "Origin: http://127.0.0.1:5000",
  "Sec-WebSocket-Version: 13",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-US,en;q=0.9",
  `Cookie: session=${"c".repeat(700)}`,
];

/** An opening handshake for this path, with these subprotocols. */
export function openingHandshake(path: string, protocols: readonly string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    ...browserHeaders,
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    `Sec-WebSocket-Protocol: ${protocols.join(", ")}`,
    "",
    "",
  ].join("\r\n");
}

/** A binary frame as a client sends it, masked with zeros, of less than 64 KiB. */
export function clientFrame(payload: Buffer): Buffer {
  return Buffer.concat([frameHeader(payload.length, 0x80), Buffer.alloc(4), payload]);
}

/** A binary frame as a server sends it, of less than 64 KiB. */
export function serverFrame(payload: Buffer): Buffer {
  return Buffer.concat([frameHeader(payload.length, 0), payload]);
}

function frameHeader(length: number, maskBit: number): Buffer {
  if (length < 126) return Buffer.from([0x82, maskBit | length]);
  return Buffer.from([0x82, maskBit | 126, length >> 8, length & 0xff]);
}
