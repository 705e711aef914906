import { randomUUID } from "node:crypto";

/**
 * How much of the latest output is kept for those who attach or fall behind, in bytes. Of a flood a quarter or less of this
 * has to be emulated, as 10,000 lines are seldom a megabyte.
 */
const ringBytes = 4 * 1024 * 1024;

const nothing = new Uint8Array();

/** The output of a session, counted in bytes from 0, of which the latest part is kept. */
export interface OutputStream {
  /** Names this run of the stream; offsets of another run mean nothing here. */
  readonly epoch: string;
  /** Offset of the first byte that is kept. */
  start: () => number;
  /** Offset of the byte that comes next. It never is in the middle of a character. */
  head: () => number;
  /** Takes output in; the bytes of a character that is not whole yet wait for the rest of it. */
  append: (bytes: Uint8Array) => void;
  /** There is no more: what waits is taken as it is. */
  end: () => void;
  /**
   * A copy of at most `length` bytes from `offset`, which must not be before `start()`, behind the bytes of `before`. It ends
   * with a whole character.
   */
  read: (offset: number, length: number, before?: Uint8Array) => Buffer;
}

export interface OutputStreamOptions {
  /** How much is kept, in bytes. */
  keptBytes?: number;
  /** Called before bytes are dropped, with the offset of the first that will be left. */
  onDrop?: (start: number) => void;
}

/** Creates an output stream. */
export function createOutputStream({
  keptBytes: capacity = ringBytes,
  onDrop,
}: OutputStreamOptions = {}): OutputStream {
  const ring = Buffer.alloc(capacity);
  let head = 0;
  let unfinished = nothing;

  const start = () => Math.max(0, head - capacity);

  const append = (bytes: Uint8Array) => {
    const whole =
      unfinished.length > 0
        ? Buffer.concat([unfinished, bytes])
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = wholeCharacters(whole);
    unfinished = end < whole.length ? Buffer.from(whole.subarray(end)) : nothing;
    for (let from = 0; from < end; from += capacity) store(whole.subarray(from, Math.min(from + capacity, end)));
  };

  /** Keeps at most a ringful. */
  const store = (bytes: Uint8Array) => {
    const left = head + bytes.length - capacity;
    if (left > start()) onDrop?.(left);
    const position = head % capacity;
    const untilWrap = bytes.subarray(0, capacity - position);
    ring.set(untilWrap, position);
    ring.set(bytes.subarray(untilWrap.length), 0);
    head += bytes.length;
  };

  const read = (offset: number, length: number, before: Uint8Array = nothing) => {
    const count = Math.min(length, head - offset);
    const position = offset % capacity;
    const untilWrap = ring.subarray(position, Math.min(position + count, capacity));
    const bytes = Buffer.concat([before, untilWrap, ring.subarray(0, count - untilWrap.length)]);
    if (offset + count === head) return bytes;
    const whole = wholeCharacters(bytes.subarray(before.length));
    return whole > 0 ? bytes.subarray(0, before.length + whole) : bytes;
  };

  return {
    epoch: randomUUID(),
    start,
    head: () => head,
    append,
    end: () => {
      store(unfinished);
      unfinished = nothing;
    },
    read,
  };
}

/** How many bytes there are without those of a UTF-8 character at the end whose rest is missing. */
export function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? length - back : length;
  }
  return length;
}
