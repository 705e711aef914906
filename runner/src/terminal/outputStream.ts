import { randomUUID } from "node:crypto";

/** How much of the latest output is kept for those who attach or fall behind, in bytes. */
const ringBytes = 2 * 1024 * 1024;
/** How far a replay looks for a clean place to start, in bytes. */
const cleanStartBytes = 64 * 1024;

const lineFeed = 0x0a;
const escape = 0x1b;

/** What a socket is sent first: the stream from `offset` on. */
export interface Replay {
  offset: number;
}

/** Decides where a socket that attaches begins. */
export interface ReplaySource {
  /** Names this run of the stream; offsets of another run mean nothing here. */
  readonly epoch: string;
  /** From where to replay for a client that has drawn up to `resume`, or for one that has drawn nothing. */
  replay: (resume?: { epoch: string; offset: number }) => Replay;
}

/** The output of a session, counted in bytes from 0, of which the latest part is kept. */
export interface OutputStream extends ReplaySource {
  /** Offset of the first byte that is kept. */
  start: () => number;
  /** Offset of the byte that comes next. */
  head: () => number;
  append: (bytes: Uint8Array) => void;
  /** A copy of at most `length` bytes from `offset`, which must not be before `start()`. */
  read: (offset: number, length: number) => Buffer;
}

/** Creates an output stream that keeps the latest `capacity` bytes. */
export function createOutputStream(capacity: number = ringBytes): OutputStream {
  const ring = Buffer.alloc(capacity);
  const epoch = randomUUID();
  let head = 0;

  const start = () => Math.max(0, head - capacity);

  const append = (bytes: Uint8Array) => {
    // Of more than a ringful only the end stays.
    const skipped = Math.max(0, bytes.length - capacity);
    const kept = bytes.subarray(skipped);
    const position = (head + skipped) % capacity;
    const untilWrap = kept.subarray(0, capacity - position);
    ring.set(untilWrap, position);
    ring.set(kept.subarray(untilWrap.length), 0);
    head += bytes.length;
  };

  const read = (offset: number, length: number) => {
    const count = Math.min(length, head - offset);
    const position = offset % capacity;
    const untilWrap = ring.subarray(position, Math.min(position + count, capacity));
    return Buffer.concat([untilWrap, ring.subarray(0, count - untilWrap.length)]);
  };

  const replay: ReplaySource["replay"] = (resume) => {
    const drawn = resume?.epoch === epoch ? resume.offset : -1;
    if (drawn >= start() && drawn <= head) return { offset: drawn };
    const oldest = start();
    return { offset: oldest === 0 ? 0 : oldest + cleanStart(read(oldest, cleanStartBytes)) };
  };

  return { epoch, start, head: () => head, append, read, replay };
}

/**
 * Where in output that was cut at an arbitrary byte drawing can start: at a line, or at an escape where there are no lines
 * (neither lies within another sequence, whose rest would be drawn as text), or else at a whole UTF-8 character.
 */
export function cleanStart(bytes: Uint8Array): number {
  const line = bytes.indexOf(lineFeed);
  if (line !== -1) return line + 1;
  const sequence = bytes.indexOf(escape);
  if (sequence !== -1) return sequence;
  return Math.max(
    0,
    bytes.findIndex((byte) => (byte & 0xc0) !== 0x80),
  );
}
