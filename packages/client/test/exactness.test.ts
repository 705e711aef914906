// The rule of the wire protocol: whatever the cuts, a client ends with the same screen as one that was never cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeCodes, serverMessage } from "@cliscale/protocol";
import type { Peer } from "./support/terminalServer.ts";
import { position, startTerminal } from "./support/terminal.ts";

const outputBytes = 20_000;
/** What the server can still repeat; further behind it sends a snapshot. */
const ringBytes = 3000;
const maximumChunk = 700;

for (const seed of [1, 2, 3, 4, 5]) {
  test(`a terminal that is cut at random shows all of the output, once (seed ${seed})`, async () => {
    const random = randomNumbers(seed);
    const output = Array.from({ length: outputBytes / 10 }, (_, line) => String(line).padStart(9, "0") + "\n").join("");
    let head = 0;
    const kinds = new Set<string>();

    /** Serves one connection until it is cut, or the output is at its end. */
    async function serve(peer: Peer): Promise<boolean> {
      let offset = peer.hello.resume?.offset ?? 0;
      // The program went on while nobody was attached.
      head = Math.min(head + Math.floor(random() * 2 * ringBytes), output.length);
      const fits = peer.hello.resume !== undefined && head - offset <= ringBytes;
      kinds.add(fits ? "delta" : "snapshot");
      if (fits) {
        peer.send(serverMessage.position, position(offset, { head }));
      } else {
        offset = head;
        peer.send(serverMessage.position, position(offset, { head, snapshot: true }));
        if (random() < 0.2) return cut(peer);
        peer.send(serverMessage.output, output.slice(0, offset));
      }
      while (offset < output.length) {
        if (random() < 0.2) return cut(peer);
        const end = Math.min(offset + 1 + Math.floor(random() * maximumChunk), output.length);
        peer.send(serverMessage.output, output.slice(offset, end));
        offset = end;
        head = Math.max(head, offset);
      }
      return false;
    }

    await using tested = await startTerminal({}, { backoff: { minimumMilliseconds: 1, maximumMilliseconds: 2 } });
    let peer = await tested.server.accept();
    while (await serve(peer)) peer = await tested.server.accept();
    peer.send(serverMessage.exit, { exitCode: 0 });
    peer.close(closeCodes.ended);
    await tested.becomes("ended");
    assert.ok(tested.screen.text === output, "the screen differs from the output");
    assert.deepEqual([...kinds].sort(), ["delta", "snapshot"]);
  });
}

/** A clean close lets sent bytes arrive, a cut loses some of them; the client must cope with both. */
async function cut(peer: Peer): Promise<true> {
  peer.cut();
  await peer.closed;
  return true;
}

/** mulberry32, a small generator of numbers in [0, 1) that gives the same ones for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
