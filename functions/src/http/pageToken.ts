import { hash } from "node:crypto";
import type { SessionListing, SessionPosition } from "@cliscale/db";
import { invalidField } from "./errors.ts";

// A page token is 8 bytes of time, the session's id, and 16 bytes that tie these to the listing, in base64url. It is no
// secret and grants nothing: a listing has its caller's sessions whatever the token says. What ties it to the listing
// tells nonsense, and what belongs to another user or filter, from a position.
const timeBytes = 8;
const idBytes = 16;
const tieBytes = 16;

type Listing = Pick<SessionListing, "ownerUid" | "state">;

/** The page token for what follows this position in a listing. */
export function pageTokenOf(listing: Listing, { createdMicroseconds, id }: SessionPosition): string {
  const time = Buffer.alloc(timeBytes);
  time.writeBigUInt64BE(BigInt(createdMicroseconds));
  const position = Buffer.concat([time, Buffer.from(id.replaceAll("-", ""), "hex")]);
  return Buffer.concat([position, tie(listing, position)]).toString("base64url");
}

/** The position that a page token stands for; throws `invalid-argument` when it is none of this listing. */
export function readPageToken(listing: Listing, token: string): SessionPosition {
  const bytes = Buffer.from(token, "base64url");
  const position = bytes.subarray(0, timeBytes + idBytes);
  const isOurs =
    bytes.length === timeBytes + idBytes + tieBytes &&
    bytes.subarray(position.length).equals(tie(listing, position)) &&
    bytes.toString("base64url") === token;
  const createdMicroseconds = isOurs ? Number(position.readBigUInt64BE()) : Number.NaN;
  if (!Number.isSafeInteger(createdMicroseconds)) {
    throw invalidField("pageToken", "is not the nextPageToken of a listing like this: leave it out to begin anew");
  }
  const id = position.toString("hex", timeBytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return { createdMicroseconds, id };
}

function tie({ ownerUid, state }: Listing, position: Buffer): Buffer {
  const tied = JSON.stringify([ownerUid, state ?? null, position.toString("hex")]);
  return hash("sha256", tied, "buffer").subarray(0, tieBytes);
}
