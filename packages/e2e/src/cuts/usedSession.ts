import { setTimeout as delay } from "node:timers/promises";
import type { TerminalSize } from "@cliscale/protocol";
import type { Pair } from "./pair.ts";
import type { UsedProgram } from "./programs.ts";
import { createRandom } from "./random.ts";

/** The uncut client can type only while it is attached, which it always is. */
export interface UseOptions {
  seed: number;
  pair: Pair;
  program: UsedProgram;
  size: TerminalSize;
  cuts: number;
}

/**
 * Uses a program at random, over both clients, while one of them is cut at random, then quits it. Returns in what the two
 * differ, after the program and, where it can be told what belongs together, while it runs.
 */
export async function useSession({ seed, pair, program, size, cuts }: UseOptions): Promise<string[]> {
  const random = createRandom(seed);
  const use = async (keys: number) => {
    for (let count = 0; count < keys; count++) {
      const client = random() < 0.5 && pair.cut.terminal.state.name === "attached" ? pair.cut : pair.uncut;
      client.terminal.input(program.keys(random));
      await delay(random.below(30));
    }
  };
  const resize = () => {
    const next = { columns: 20 + random.below(size.columns), rows: 5 + random.below(size.rows) };
    for (const { terminal } of [pair.uncut, pair.cut]) terminal.resize(next);
  };
  await delay(300);
  await use(3);
  for (let count = 0; count < cuts; count++) {
    const cutting = pair.cut.becomes("reattaching");
    pair.network.setDown(true);
    pair.network.cutAfter(random.below(600));
    await use(2);
    pair.network.cutAfter(0);
    await cutting;
    if (random() < 0.5) resize();
    await use(random.below(6));
    pair.network.setDown(false);
    await pair.cut.becomes("attached");
    await use(2);
  }
  const found: string[] = [];
  if (program.isQuiet) {
    await pair.settle();
    found.push(...(await pair.compare()));
  }
  const ended = Promise.all([pair.cut.becomes("ended"), pair.uncut.becomes("ended")]);
  await quit(pair, program, ended);
  return [...found, ...(await pair.compare())];
}

/** Types what ends the program until it has: a program that is busy, or asks something, takes it later. */
async function quit(pair: Pair, program: UsedProgram, ended: Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    pair.uncut.terminal.input(program.quit);
    const outcome = await Promise.race([ended, delay(500, "not yet")]);
    if (outcome !== "not yet") return;
  }
  throw new Error(`${program.name} did not end`);
}
