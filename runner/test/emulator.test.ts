import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@cliscale/service";
import { drawAtRandom } from "@cliscale/e2e/cuts/fuzzer";
import { createHeadlessScreen } from "@cliscale/e2e/cuts/headlessScreen";
import { createRandom, type Random } from "@cliscale/e2e/cuts/random";
import { differences } from "@cliscale/e2e/cuts/terminalState";
import { createEmulator } from "../src/terminal/emulator/emulator.ts";
import { createOutputStream } from "../src/terminal/outputStream.ts";
import { createSizeHistory } from "../src/terminal/sizeHistory.ts";

const seeds = process.env["CLISCALE_TEST_SIZE"] === "full" ? 300 : 40;
const logger = createLogger("emulator-test");
logger.level = "silent";

/** An emulator beside a terminal that draws all of the output. */
function createBoth(size: { columns: number; rows: number }) {
  const output = createOutputStream();
  const sizes = createSizeHistory(size);
  const emulator = createEmulator({ output, sizes, onReply: () => {}, logger });
  const whole = createHeadlessScreen(size);
  return {
    emulator,
    print: (text: string) => {
      output.append(Buffer.from(text));
      whole.screen.write(Buffer.from(text), () => {});
    },
    /** In what a terminal that is restored differs from the one that has drawn everything. */
    compare: async () => {
      const { message, offset } = emulator.snapshot();
      const restored = createHeadlessScreen(size);
      restored.screen.write(message.subarray(1), () => {});
      restored.screen.write(output.read(offset, output.head()), () => {});
      return differences(await whole.state(), await restored.state()).slice(0, 3);
    },
  };
}

test("a snapshot and the rest of a sequence lead to the same state as all of the output", async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed);
    const size = { columns: 4 + random.below(30), rows: 2 + random.below(8) };
    const { print, compare } = createBoth(size);
    print(drawAtRandom(random, size, 100).join(""));
    print(random.pick(["", "\x1b", "\x1b[3", "\x1b]2;half", "\x1bP$q", "\x1b[38;5;"]));
    assert.deepEqual(await compare(), [], `seed ${seed}`);
  }
});

test("what scrolls away is left out without a trace", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = createRandom(seed);
    const size = { columns: 30, rows: 5 };
    const { print, compare, emulator } = createBoth(size);
    print(drawAtRandom(random, size, 30).join(""));
    print("\x1b[?1049l\x1b[r");
    print(Array.from({ length: 30_000 }, () => logLine(random)).join(""));
    emulator.catchUp();
    assert.deepEqual(await compare(), [], `seed ${seed}`);
  }
});

function logLine({ pick, below }: Random): string {
  const start = pick(["", "\x1b[31m", "\x1b[44m", "\x1b[1;4:3m", "\x1b[m"]);
  const text = pick(["hello", "世界 ünï", "x".repeat(below(70)), "a\tb", "abc\b\x1b[K"]);
  return start + text + pick(["", "\x1b[0m", "\x1b[7m"]) + pick(["\r\n", "\r\n", "\n"]);
}

test("a sequence that is longer than all that is kept is swallowed to its end", () => {
  const output = createOutputStream({ keptBytes: 1000, onDrop: (start) => emulator.letGo(start) });
  const sizes = createSizeHistory({ columns: 20, rows: 3 });
  const emulator = createEmulator({ output, sizes, onReply: () => {}, logger });
  output.append(Buffer.from(`before\x1b]2;${"x".repeat(3000)}`));
  const { message, offset } = emulator.snapshot();
  assert.ok(offset > 2000);
  const text = Buffer.from(message).toString();
  assert.ok(text.includes("before") && text.endsWith("\x1b]x"), JSON.stringify(text));
});
