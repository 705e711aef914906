import { once } from "node:events";
import type { Duplex } from "node:stream";

// The start-up of PostgreSQL's protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html
const protocolVersion = 3 << 16;

export interface Startup {
  user: string | undefined;
  /** All that was read. */
  bytes: Buffer;
}

/** Reads a StartupMessage; undefined where something else comes. */
export async function readStartup(client: Duplex): Promise<Startup | undefined> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 8 || bytes.length < bytes.readInt32BE(0)) {
    const [chunk] = (await once(client, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.pause();
  if (bytes.readInt32BE(4) !== protocolVersion) return undefined;
  const fields = bytes.toString("utf8", 8).split("\0");
  const at = fields.indexOf("user");
  return { user: at % 2 === 0 ? fields[at + 1] : undefined, bytes };
}

/** An ErrorResponse that ends the connection. */
export function createPostgresError(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
