import assert from "node:assert/strict";
import { test } from "node:test";
import type { TerminalSize } from "@cliscale/protocol";
import { createLogger } from "@cliscale/service";
import { drawAtRandom } from "@cliscale/e2e/cuts/fuzzer";
import { createHeadlessScreen } from "@cliscale/e2e/cuts/headlessScreen";
import { createRandom, type Random } from "@cliscale/e2e/cuts/random";
import { differences } from "@cliscale/e2e/cuts/terminalState";
import { createEmulator } from "../src/terminal/emulator/emulator.ts";
import { createOutputStream } from "../src/terminal/outputStream.ts";
import { createSizeHistory } from "../src/terminal/sizeHistory.ts";

const seeds = process.env["CLISCALE_TEST_SIZE"] === "full" ? 5000 : 250;
const logger = createLogger("emulator-test");
logger.level = "silent";

/** An emulator beside a terminal that draws all of the output. */
function createBoth(size: TerminalSize) {
  const output = createOutputStream();
  const sizes = createSizeHistory(size);
  const emulator = createEmulator({ output, sizes, onReply: () => {}, logger });
  const whole = createHeadlessScreen(size);
  const screens = [whole];
  return {
    emulator,
    print: (text: string) => {
      output.append(Buffer.from(text));
      for (const { screen } of screens) screen.write(Buffer.from(text), () => {});
    },
    resize: (next: TerminalSize) => {
      sizes.add(next, output.head());
      for (const { screen } of screens) screen.resize(next);
    },
    /** Restores a terminal from a snapshot, which goes on with the output from there. */
    restore: () => {
      const { message, offset, sizes: count } = emulator.snapshot();
      const restored = createHeadlessScreen(sizes.at(count));
      restored.screen.write(message.subarray(1), () => {});
      restored.screen.write(output.read(offset, output.head()), () => {});
      screens.push(restored);
    },
    /** In what the restored terminal differs from the one that has drawn everything. */
    compare: async () => differences(await whole.state(), await screens[1]!.state()).slice(0, 3),
    dispose: () => Promise.all(screens.map((screen) => screen.dispose())),
  };
}

const randomSize = ({ below }: Random) => ({ columns: 4 + below(30), rows: 2 + below(8) });

test("a snapshot leads to the same state as all of the output, now and after what comes next", async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed);
    let size = randomSize(random);
    const both = createBoth(size);
    const draw = (pieces: number) => both.print(drawAtRandom(random, size, random.below(pieces)).join(""));
    const resize = () => both.resize((size = randomSize(random)));
    for (let round = random.below(4); round >= 0; round--) {
      draw(150);
      if (random() < 0.6) resize();
      draw(30);
    }
    both.print(random.pick(["", "\x1b", "\x1b[3", "\x1b]2;half", "\x1bP$q", "\x1b[38;5;"]));
    both.restore();
    assert.deepEqual(await both.compare(), [], `seed ${seed}`);
    draw(60);
    resize();
    draw(60);
    assert.deepEqual(await both.compare(), [], `seed ${seed}, later`);
    await both.dispose();
  }
});

test("what scrolls away is left out without a trace", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = createRandom(seed);
    const size = { columns: 30, rows: 5 };
    const { print, restore, compare, emulator, dispose } = createBoth(size);
    print(drawAtRandom(random, size, 30).join(""));
    print("\x1b[?1049l\x1b[r");
    print(Array.from({ length: 30_000 }, () => logLine(random)).join(""));
    emulator.catchUp();
    restore();
    assert.deepEqual(await compare(), [], `seed ${seed}`);
    await dispose();
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
  const drawn = Buffer.from(message).toString();
  assert.ok(drawn.includes("before") && drawn.endsWith("\x1b]x"), JSON.stringify(drawn));
});
