import { createHeadlessTerminal } from "@cliscale/e2e/cuts/headlessTerminal";
import { attach, outputOf, size } from "./client.ts";
import type { Server } from "./servers.ts";

/** Bytes that a client holds undrawn before it asks the server to pause, and when it asks to go on, as the page does. */
const undrawn = { high: 512 * 1024, low: 128 * 1024 };

/** How many megabytes a second of a program's output reach a client that only counts them, or that draws them too. */
export async function measureThroughput(server: Server, bytes: number, draws: boolean): Promise<number> {
  const terminal = createHeadlessTerminal(size);
  const done = Promise.withResolvers<void>();
  let received = 0;
  let pending = 0;
  let isPaused = false;
  const client = await attach(server.url, (message) => {
    const output = outputOf(message);
    if (!output) return;
    received += output.length;
    const isLast = received >= bytes;
    if (!draws) return isLast ? done.resolve() : undefined;
    pending += output.length;
    if (pending > undrawn.high && !isPaused) {
      isPaused = true;
      client.pause();
    }
    terminal.write(output, () => {
      pending -= output.length;
      if (pending < undrawn.low && isPaused) {
        isPaused = false;
        client.resume();
      }
      if (isLast) done.resolve();
    });
  });
  const begun = performance.now();
  client.type("\n");
  await done.promise;
  const seconds = (performance.now() - begun) / 1000;
  await client.close();
  terminal.dispose();
  return received / 1e6 / seconds;
}
