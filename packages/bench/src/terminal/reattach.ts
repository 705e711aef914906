import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { createHeadlessTerminal } from "@cliscale/e2e/cuts/headlessTerminal";
import { readState, type TerminalState } from "@cliscale/e2e/cuts/terminalState";
import { decodeJson, type Position, serverMessage } from "@cliscale/protocol";
import { percentile, round } from "../results.ts";
import { attach, outputOf, size } from "./client.ts";
import { startCliscale } from "./servers.ts";

const rounds = 100;
const awayMilliseconds = 1000;

/**
 * How long it takes from opening a socket until the screen is drawn that a client of the whole session shows. Beside it the
 * time that the same client takes to draw the same bytes from its own memory, which is not the server's, and tells how busy
 * the machine is.
 */
export async function measureReattach(lines: number) {
  const server = await startCliscale(
    `seq -f 'line %g of a build log – with some \\033[32mcolour\\033[0m in it and a few words more' ${lines} | sed 's/\\\\033/\\x1b/g'; echo END; cat`,
  );
  const reattached: Pick<Reattached, "milliseconds" | "firstByte" | "bytes">[] = [];
  const drawnAlone: number[] = [];
  try {
    const whole = await drawUntilEnd(server.url);
    // Who comes back has been away for a while.
    await delay(awayMilliseconds);
    for (let turn = 0; turn < rounds; turn++) {
      const { state, output, ...taken } = await drawUntilEnd(server.url);
      if (!isDeepStrictEqual(state, whole.state)) throw new Error("a reattached client shows another screen");
      drawnAlone.push(await drawAlone(output));
      reattached.push(taken);
    }
    return {
      lines,
      scrollbackLines: whole.state.normal.base,
      rounds,
      bytes: reattached[0]!.bytes,
      firstMilliseconds: round(reattached[0]!.milliseconds),
      ...percentiles(reattached.map(({ milliseconds }) => milliseconds)),
      toFirstByte: percentiles(reattached.map(({ firstByte }) => firstByte)),
      drawingAlone: percentiles(drawnAlone),
    };
  } finally {
    await server.stop();
  }
}

interface Reattached {
  state: TerminalState;
  /** Until all is drawn. */
  milliseconds: number;
  /** Until the first output has come. */
  firstByte: number;
  output: Buffer[];
  bytes: number;
}

function percentiles(milliseconds: number[]) {
  return {
    p50Milliseconds: round(percentile(milliseconds, 0.5)),
    p99Milliseconds: round(percentile(milliseconds, 0.99)),
  };
}

/** Attaches a new client and draws what it gets up to the last line; that state is read when the clock has stopped. */
async function drawUntilEnd(url: string): Promise<Reattached> {
  const terminal = createHeadlessTerminal(size);
  const done = Promise.withResolvers<void>();
  const begun = performance.now();
  const output: Buffer[] = [];
  let firstByte = 0;
  let isDone = false;
  const client = await attach(url, (message) => {
    if (message[0] === serverMessage.position) {
      const { columns, rows } = decodeJson(message) as Position;
      terminal.resize(columns, rows);
    }
    const part = outputOf(message);
    if (!part || isDone) return;
    firstByte ||= performance.now() - begun;
    output.push(part);
    const isLast = part.subarray(-200).includes("END");
    terminal.write(part, () => {
      isDone ||= isLast;
      if (isLast) done.resolve();
    });
  });
  await done.promise;
  const milliseconds = performance.now() - begun;
  const state = readState(terminal);
  await client.close();
  terminal.dispose();
  return { state, milliseconds, firstByte, output, bytes: Buffer.concat(output).length };
}

/** Milliseconds that drawing alone takes. */
async function drawAlone(output: Buffer[]): Promise<number> {
  const terminal = createHeadlessTerminal(size);
  const begun = performance.now();
  for (const part of output) terminal.write(part);
  await new Promise<void>((resolve) => terminal.write("", resolve));
  const milliseconds = performance.now() - begun;
  terminal.dispose();
  return milliseconds;
}
