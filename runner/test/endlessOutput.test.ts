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

test("ever new links in what is kept: bounded memory, and there are links again when those are gone", () => {
  const { print, snapshot } = openTerminal();
  const usual = usedHeap();
  for (let index = 0; index < 5000; index++) print(link(`${index}/${digits.slice(0, 4000)}`));
  const grown = usedHeap() - usual;
  assert.ok(grown > 8_000_000 && grown < 24_000_000, `the heap has grown by ${grown} bytes`);
  print("\x1b[2J\x1b[3J\x1b[H");
  for (let index = 0; index < 300; index++) print(link(`after/${index}`));
  assert.match(snapshot(), /http:\/\/after\/299/);
});

test("the same long links in every cell: a snapshot of bounded size, in which the last lines have theirs", () => {
  const { print, snapshot } = openTerminal();
  print(link("first"));
  for (let index = 0; index < 6000; index++) print(link(`${index % 2}/${digits.slice(0, 4000)}`));
  print(link("last"));
  const drawn = snapshot();
  assert.ok(drawn.length < 18_000_000, `the snapshot has ${drawn.length} characters`);
  assert.doesNotMatch(drawn, /http:\/\/first/);
  assert.match(drawn, /http:\/\/1\/[^]*http:\/\/last/);
});

const link = (address: string) => `\x1b]8;;http://${address}\x1b\\a\x1b]8;;\x1b\\`;

function openTerminal() {
  const output = createOutputStream({ keptBytes: 100_000, onDrop: (start) => emulator.letGo(start) });
  const sizes = createSizeHistory({ columns: 80, rows: 24 });
  const emulator = createEmulator({ output, sizes, onReply: () => {}, logger });
  return {
    print: (text: string) => {
      output.append(Buffer.from(text));
      emulator.drawTo(output.head());
    },
    snapshot: () => Buffer.from(emulator.snapshot().message).toString(),
  };
}

/** Bytes of this process's heap that are in use. */
function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
