// Grapheme clusters stand as one, and do so as well in a terminal that is restored in the middle of one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterName, clusters, columnsOf } from "@cliscale/e2e/cuts/clusters";
import { createHeadlessTerminal } from "@cliscale/e2e/cuts/headlessTerminal";
import { createHeadlessScreen } from "@cliscale/e2e/cuts/headlessScreen";
import { differences, type TerminalState } from "@cliscale/e2e/cuts/terminalState";
import { joiningOf } from "@cliscale/protocol";
import { createLogger } from "@cliscale/service";
import { createEmulator } from "../src/terminal/emulator/emulator.ts";
import { loadHeadless } from "../src/terminal/emulator/loadHeadless.ts";
import { createOutputStream } from "../src/terminal/outputStream.ts";
import { createSizeHistory } from "../src/terminal/sizeHistory.ts";

const size = { columns: 7, rows: 3 };
const logger = createLogger("graphemes-test");
logger.level = "silent";

/** What of a state decides on what comes next, and whether it has joined. */
const decisive = 0x7f;

test("characters join as by the addon itself", () => {
  const { Terminal, UnicodeGraphemesAddon } = loadHeadless();
  const alone = new Terminal({ allowProposedApi: true });
  alone.loadAddon(new UnicodeGraphemesAddon());
  const [own, steadied] = [alone, createHeadlessTerminal(size)].map((terminal) => joiningOf(terminal).unicodeService);
  // Every character behind every kind, and every ASCII one behind every character.
  const ascii = Array.from({ length: 0x80 }, (_, codePoint) => codePoint);
  const kinds = Array.from(new Set(Object.values(clusters).join("")), (character) => character.codePointAt(0)!);
  for (let codePoint = 0; codePoint < 0x10000; codePoint++) {
    for (const [first, second] of [
      ...kinds.map((kind) => [kind, codePoint]),
      ...ascii.map((one) => [codePoint, one]),
    ]) {
      const states = [own!, steadied!].map((service) =>
        service.charProperties(second!, service.charProperties(first!, 0)),
      );
      assert.equal(states[1]! & decisive, states[0]! & decisive, `${first} ${second}`);
    }
  }
});

/** What a program has drawn before it prints a cluster, by where that leaves the cursor. */
const places = {
  "in an empty row": "",
  "behind a character": "x",
  "behind half a flag": "🇫",
  "behind an open joiner": "a\u200d",
  "before half a flag": "\x1b[2G🇪\r",
  "over wide characters": "世世世\x1b[2G",
  "in the last column but one": "\x1b[6G",
  "in the last column": "\x1b[7G",
  "about to wrap": "abcdefg",
  "at the end of the last row": "\x1b[44m\x1b[3;7H",
  "at the end of the last row of the alternate screen": "\x1b[?1049h\x1b[44m\x1b[3;7H",
  "in insert mode": "abcdefg\x1b[4h\x1b[3G",
  "in insert mode, before wide characters": "世世世\x1b[4h\r",
  "in insert mode, in the last column": "abcdefg\x1b[4h\x1b[7G",
  "in the last column but one, without wrapping": "世世世x\x1b[?7l\x1b[6G",
  "in the last column, without wrapping": "abcdefg\x1b[?7l\x1b[7G",
};

/** What it prints behind the cluster. */
const sequels = ["x", "\u0301世", "\u200d👦", "🇪🇸", "\x1b[2b", "\b\b\u3042"];

/** The state of a terminal that has drawn these pieces, one by one. */
async function stateAfter(...pieces: (string | Uint8Array)[]): Promise<TerminalState> {
  const { screen, state, dispose } = createHeadlessScreen(size);
  for (const piece of pieces) screen.write(Buffer.from(piece), () => {});
  const read = await state();
  await dispose();
  return read;
}

/** Cuts an output at each byte of a part of it; in what the terminals differ that are restored there and draw the rest. */
async function cutEverywhere(before: string, cut: string, after: string): Promise<string[]> {
  const output = createOutputStream();
  const emulator = createEmulator({ output, sizes: createSizeHistory(size), onReply: () => {}, logger });
  const expected = await stateAfter(before + cut + after);
  output.append(Buffer.from(before));
  const snapshots = [emulator.snapshot()];
  for (const byte of Buffer.from(cut)) {
    output.append(Buffer.of(byte));
    snapshots.push(emulator.snapshot());
  }
  output.append(Buffer.from(after));
  const found: string[] = [];
  for (const { message, offset } of new Set(snapshots)) {
    const restored = await stateAfter(message.subarray(1), output.read(offset, output.head()));
    found.push(...differences(expected, restored));
  }
  // Nor does it matter how the output comes in pieces.
  return [...found, ...differences(expected, await stateAfter(before, ...Array.from(cut), after))];
}

for (const [place, before] of Object.entries(places)) {
  test(`a cluster that is cut anywhere comes out whole ${place}`, async () => {
    for (const [index, [name, cluster]] of Object.entries(clusters).entries()) {
      const after = sequels[index % sequels.length]!;
      assert.deepEqual(await cutEverywhere(before, cluster, after), [], `${name}, then ${JSON.stringify(after)}`);
    }
  });
}

test("clusters side by side, each in a cell of its own, stay apart", async () => {
  const all = Object.values(clusters);
  const rows = all.flatMap((left) =>
    all.map((right) => `\x1b[3G${right}\x1b[${left === clusters.flags ? 1 : 2}G${left}\r\n`),
  );
  assert.deepEqual(await cutEverywhere(rows.join(""), "", "x"), []);
});

test("each takes as many columns as it should, and so do its cells", async () => {
  for (const [name, count] of Object.entries(columnsOf)) {
    const text = clusters[name as ClusterName];
    const { normal } = await stateAfter(text);
    assert.deepEqual(normal.cursor, { x: count, y: 0 }, name);
    if (count <= 2) assert.equal(normal.lines[0], `|${text}${count === 2 ? "{2}∅{0}" : ""}`.replace(/∅$/, ""), name);
  }
});

test("without wrapping, what joins the last character of a row does so as often as it comes", async () => {
  const { normal } = await stateAfter("\x1b[?7l\x1b[6G世\u0301\u0323");
  assert.equal(normal.lines[0], "|∅∅∅∅∅世\u0301\u0323{2}∅{0}");
  assert.deepEqual(normal.cursor, { x: 7, y: 0 });
});
