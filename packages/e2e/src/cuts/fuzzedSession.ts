import { execFile } from "node:child_process";
import { constants, type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { TerminalSize } from "@cliscale/protocol";
import { drawAtRandom } from "./fuzzer.ts";
import type { Paths } from "./observedClient.ts";
import type { Pair } from "./pair.ts";
import { createRandom, type Random } from "./random.ts";

const run = promisify(execFile);

/** A program whose output a test decides on: it passes on what is written to it. */
export interface WrittenProgram {
  /** The command line that runs it. */
  command: string;
  write: (bytes: Uint8Array) => Promise<void>;
  /** How many bytes have been written to it. */
  written: () => number;
  /** Has it end. */
  end: () => Promise<void>;
}

/** Creates a program; `ready` is to be called once its command runs. */
export async function createWrittenProgram(): Promise<WrittenProgram & { ready: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-cuts-"));
  const pipe = join(folder, "output");
  await run("mkfifo", [pipe]);
  let opening: Promise<FileHandle> | undefined;
  let file: FileHandle | undefined;
  let written = 0;
  return {
    command: `stty raw -echo; exec cat ${pipe}`,
    ready: async () => {
      opening = open(pipe, "w");
      file = await opening;
    },
    write: async (bytes) => {
      await file?.write(bytes);
      written += bytes.length;
    },
    written: () => written,
    end: async () => {
      // Whoever opens a pipe waits for its other end (fifo(7)): where the command never ran, in a thread that this process cannot end without.
      const reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      await (await opening)?.close();
      await reader.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface FuzzOptions {
  seed: number;
  pair: Pair;
  program: WrittenProgram;
  size: TerminalSize;
  /** How much of the output the server keeps, in bytes. */
  keptBytes: number;
  /** How the cut client is to come back: what it misses is kept, or is more than that. */
  path: keyof Paths;
  cuts: number;
}

/** Has a program draw at random while one client is cut at random, and its size changes at random. */
export async function fuzzSession({ seed, pair, program, size, keptBytes, path, cuts }: FuzzOptions): Promise<void> {
  const random = createRandom(seed);
  let current = size;
  const draw = async (pieces: number) => {
    for (const bytes of takenApart(random, drawAtRandom(random, current, pieces).join(""))) {
      await program.write(bytes);
      if (random() < 0.3) await delay(1);
    }
  };
  const resize = () => {
    current = { columns: 4 + random.below(size.columns), rows: 2 + random.below(size.rows) };
    // Whoever controls the size: with the cut one gone it is the other.
    pair.uncut.terminal.resize(current);
    if (random() < 0.5) pair.cut.terminal.resize(current);
  };

  await draw(5 + random.below(60));
  for (let count = 0; count < cuts; count++) {
    if (random() < 0.3) pair.cut.terminal.input("x");
    if (random() < 0.2) resize();
    const cutting = pair.cut.becomes("reattaching");
    pair.network.setDown(true);
    pair.network.cutAfter(random.below(random() < 0.5 ? 40 : 400));
    await draw(5 + random.below(40));
    pair.network.cutAfter(0);
    await cutting;
    if (random() < 0.4) resize();
    const missed = pair.uncut.offset();
    await draw(random.below(30));
    if (path === "snapshot") {
      while (pair.uncut.offset() < missed + 2 * keptBytes) {
        await draw(60);
        await delay(1);
      }
    }
    if (random() < 0.3) {
      resize();
      // Sizes settle before the program is told.
      await delay(random.below(80));
    }
    pair.network.setDown(false);
    await pair.cut.becomes("attached");
    if (random() < 0.7) await draw(random.below(30));
  }
}

/** The bytes of a text in pieces that may end within a sequence or a character. */
function takenApart(random: Random, text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + random.below(300);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}
