import { attach, outputOf } from "./client.ts";
import type { Server } from "./servers.ts";

const keys = 500;

/** How long it takes from a key to its echo by the terminal, in milliseconds, for each of many keys. */
export async function measureEcho(server: Server): Promise<number[]> {
  let echoed: (() => void) | undefined;
  const client = await attach(server.url, (message) => {
    if (outputOf(message)?.includes("k")) echoed?.();
  });
  const samples: number[] = [];
  for (let key = 0; key < keys; key++) {
    const echo = new Promise<void>((resolve) => {
      echoed = resolve;
    });
    const begun = performance.now();
    client.type("k");
    await echo;
    samples.push(performance.now() - begun);
  }
  await client.close();
  return samples;
}
