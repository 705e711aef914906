// Many sessions at once, and many one after the other: none is lost, and nothing is left of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Attach } from "@cliscale/protocol";
import { attach, type TerminalSocket } from "../src/socket.ts";
import { leavesNothing, startWorld, takeCensus, type World } from "../src/world.ts";

const full = process.env["CLISCALE_TEST_SIZE"] === "full";
const size = full ? { atOnce: 50, oneByOne: 300 } : { atOnce: 10, oneByOne: 10 };
/** The emulator runs one process per function and per concurrent call, each of which takes seconds of a core to start. */
const concurrency = full ? 8 : 4;
let world: World;

before(async () => {
  world = await startWorld();
});

after(async () => {
  await world?.remove();
});

/** Does something for each of these, a few at a time; results are in the order of the items. */
async function eachOf<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

/** As clients do: with another token where a busy machine keeps the pod from answering in time. */
async function attachTo(id: string, how: Attach): Promise<TerminalSocket> {
  for (let next = how, tries = 1; ; tries += 1) {
    const socket = await attach(next);
    const failure = await socket.until(/[$#] /).then(
      () => undefined,
      (error: Error) => error,
    );
    if (!failure) return socket;
    if (tries === 5 || !failure.message.startsWith("closed with 4503")) throw failure;
    next = (await world.user.client.attachSession(id)).attach!;
  }
}

test(`${size.atOnce} sessions live at once, each with its own terminal`, async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const numbers = Array.from({ length: size.atOnce }, (_, index) => index);
    const live = await eachOf(numbers, async (number) => {
      const { session, attach: how } = await client.createSession({
        bundle: { source: "template:shell" },
        env: { NUMBER: String(number) },
      });
      return { id: session.id, socket: await attachTo(session.id, how!) };
    });
    const { rows, jobs, pods } = await takeCensus(world);
    assert.deepEqual([rows, jobs, pods], [size.atOnce, size.atOnce, size.atOnce]);

    for (const { socket } of live) socket.type("echo number-$NUMBER-\n");
    await Promise.all(live.map(({ socket }, number) => socket.until(new RegExp(`number-${number}-`))));
    await eachOf(live, ({ id }) => client.stopSession(id));
    await Promise.all(live.map(({ socket }) => socket.closed));
  });
});

test(`${size.oneByOne} sessions one after the other, each with its exit code`, async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    for (let number = 0; number < size.oneByOne; number++) {
      const exitCode = number % 100;
      const { attach: how } = await client.createSession({
        bundle: { source: "template:shell" },
        command: `exit ${exitCode}`,
      });
      const socket = await attach(how!);
      assert.equal((await socket.closed).code, 1000);
      assert.deepEqual(socket.json(0x34), [{ exitCode }]);
    }
  });
});
