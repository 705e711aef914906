import { EventEmitter, once } from "node:events";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A log is put aside and begun anew at this size, as the kubelet rotates it (`containerLogMaxSize`), in bytes. */
const maximumBytes = 10 * 1024 * 1024;

/** A line longer than this is kept as several, in characters. */
const maximumLine = 16 * 1024;

export interface LogLine {
  /** When it was written, RFC 3339. */
  at: string;
  text: string;
}

/** What a container has written to its standard output and error. */
export interface ContainerLog {
  /** Keeps the lines of a stream; resolves when it has ended. */
  capture(stream: Readable): Promise<void>;
  /** The lines there are since the log was last begun, oldest first; with `follow` those to come as well, until the end. */
  read(follow: boolean, signal: AbortSignal): AsyncGenerator<LogLine>;
  /** No more lines will come. */
  end(): Promise<void>;
}

export async function createContainerLog(path: string): Promise<ContainerLog> {
  let file: FileHandle = await open(path, "a", 0o600);
  /** Counts how often the log was begun anew. */
  let generation = 0;
  let size = 0;
  let ended = false;
  let writes: Promise<void> = Promise.resolve();
  const changes = new EventEmitter().setMaxListeners(0);

  const append = async (text: string) => {
    const line = Buffer.from(`${new Date().toISOString()} ${text}\n`);
    if (size + line.length > maximumBytes) {
      await file.close();
      await rename(path, `${path}.1`);
      file = await open(path, "a", 0o600);
      generation++;
      size = 0;
    }
    await file.write(line);
    size += line.length;
    changes.emit("change");
  };

  return {
    async capture(stream) {
      for await (const line of linesOf(stream)) {
        // A log that cannot be written must not stop its pod.
        writes = writes.then(() => append(line)).catch(() => undefined);
        await writes;
      }
    },
    async *read(follow, signal) {
      let position = { generation, bytes: 0 };
      while (!signal.aborted) {
        if (position.generation !== generation) position = { generation, bytes: 0 };
        if (position.bytes < size) {
          const end = size;
          for await (const line of linesOf(createReadStream(path, { start: position.bytes, end: end - 1 }))) {
            yield parse(line);
          }
          position.bytes = end;
        } else if (follow && !ended) {
          await once(changes, "change", { signal }).catch(() => undefined);
        } else {
          return;
        }
      }
    },
    async end() {
      await writes;
      ended = true;
      await file.close();
      changes.emit("change");
    },
  };
}

/** The lines of a stream, which may be of any length, and the rest without an end of line. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield* pieces(line);
    while (rest.length > maximumLine) {
      yield rest.slice(0, maximumLine);
      rest = rest.slice(maximumLine);
    }
  }
  if (rest !== "") yield* pieces(rest);
}

function* pieces(line: string): Generator<string> {
  for (let start = 0; start === 0 || start < line.length; start += maximumLine) {
    yield line.slice(start, start + maximumLine);
  }
}

function parse(line: string): LogLine {
  const space = line.indexOf(" ");
  return { at: line.slice(0, space), text: line.slice(space + 1) };
}
