import { isDeepStrictEqual } from "node:util";
import { readState, type TerminalState } from "@cliscale/e2e/cuts/terminalState";
import { decodeJson, type Position, serverMessage } from "@cliscale/protocol";
import xterm from "@xterm/headless";
import { percentile, round } from "../results.ts";
import { attach, outputOf, size } from "./client.ts";
import { startCliscale } from "./servers.ts";

const rounds = 100;
const scrollback = 10_000;

/** How long it takes from opening a socket until the screen is drawn that a client of the whole session shows. */
export async function measureReattach(lines: number) {
  const server = await startCliscale(
    `seq -f 'line %g of a build log – with some \\033[32mcolour\\033[0m in it and a few words more' ${lines} | sed 's/\\\\033/\\x1b/g'; echo END; cat`,
  );
  const milliseconds: number[] = [];
  try {
    const whole = await drawUntilEnd(server.url);
    for (let turn = 0; turn < rounds; turn++) {
      const { state, milliseconds: taken } = await drawUntilEnd(server.url);
      if (!isDeepStrictEqual(state, whole.state)) throw new Error("a reattached client shows another screen");
      milliseconds.push(taken);
    }
    return {
      lines,
      scrollbackLines: whole.state.normal.base,
      rounds,
      bytes: whole.bytes,
      p50Milliseconds: round(percentile(milliseconds, 0.5)),
      p99Milliseconds: round(percentile(milliseconds, 0.99)),
    };
  } finally {
    await server.stop();
  }
}

/** Attaches a new client and draws what it gets up to the last line; that state is read when the clock has stopped. */
async function drawUntilEnd(url: string): Promise<{ state: TerminalState; milliseconds: number; bytes: number }> {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, scrollback, allowProposedApi: true });
  const done = Promise.withResolvers<void>();
  const begun = performance.now();
  let bytes = 0;
  let isDone = false;
  const client = await attach(url, (message) => {
    if (message[0] === serverMessage.position) {
      const { columns, rows } = decodeJson(message) as Position;
      terminal.resize(columns, rows);
    }
    const output = outputOf(message);
    if (!output || isDone) return;
    bytes += output.length;
    const isLast = output.subarray(-200).includes("END");
    terminal.write(output, () => {
      isDone ||= isLast;
      if (isLast) done.resolve();
    });
  });
  await done.promise;
  const milliseconds = performance.now() - begun;
  const state = readState(terminal);
  await client.close();
  terminal.dispose();
  return { state, milliseconds, bytes };
}
