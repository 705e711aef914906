// What a program prints without end must not fill the memory of the runner that follows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createLogger } from "@cliscale/service";
import { createEmulator } from "../src/terminal/emulator/emulator.ts";
import { createOutputStream } from "../src/terminal/outputStream.ts";
import { createSizeHistory } from "../src/terminal/sizeHistory.ts";

const logger = createLogger("endless-output-test");
logger.level = "silent";
const pieceCharacters = 65_536;
const mostBytes = 8_000_000;

interface Endless {
  begin: string;
  piece: (index: number) => string;
  pieces: number;
}

const digits = "1".repeat(pieceCharacters);
const endless: Record<string, Endless> = {
  "a colour's name": { begin: "\x1b]4;1;", piece: () => digits, pieces: 150 },
  "a question for a setting": { begin: "\x1bP$q", piece: () => digits, pieces: 150 },
  "a character that others join": { begin: "e", piece: () => "\u0301".repeat(pieceCharacters), pieces: 75 },
  "new links": { begin: "", piece: (index) => `\x1b]8;;http://${index}${digits}\x1b\\text\r\n`, pieces: 500 },
};

for (const [what, { begin, piece, pieces }] of Object.entries(endless)) {
  test(`${what} without end: bounded memory, and what comes next is drawn`, () => {
    const output = createOutputStream({ keptBytes: 100_000, onDrop: (start) => emulator.letGo(start) });
    const sizes = createSizeHistory({ columns: 20, rows: 3 });
    const emulator = createEmulator({ output, sizes, onReply: () => {}, logger });
    const usual = usedHeap();
    output.append(Buffer.from(begin));
    for (let index = 0; index < pieces; index++) output.append(Buffer.from(piece(index)));
    emulator.drawTo(output.head());
    const grown = usedHeap() - usual;
    assert.ok(grown < mostBytes, `the heap has grown by ${grown} bytes`);
    output.append(Buffer.from("\x18\x1b]8;;\x1b\\after"));
    assert.match(Buffer.from(emulator.snapshot().message).toString(), /after/);
  });
}

/** Bytes of this process's heap that are in use. */
function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
