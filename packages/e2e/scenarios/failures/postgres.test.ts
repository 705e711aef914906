// PostgreSQL stopped, and killed, under load: calls fail in words, sockets live on, and all is as it was once it is back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CallError } from "@cliscale/client";
import { attach, type TerminalSocket } from "../../src/socket.ts";
import { eventually, leavesNothing, processOf, startWorld, type World } from "../../src/world.ts";

const shell = { bundle: { source: "template:shell" } };
const full = process.env["CLISCALE_TEST_SIZE"] === "full";
/** Callers that start, attach to and stop sessions, one after the other each, while the database fails. */
const callers = full ? 6 : 3;
const loadMilliseconds = full ? 30_000 : 12_000;
let world: World;

before(async () => {
  world = await startWorld();
});

after(async () => {
  await world?.remove();
});

interface Tally {
  succeeded: number;
  refused: CallError[];
}

/** Uses sessions until it is told to stop; an error that is no CallError breaks it off. */
async function useSessions(signal: AbortSignal, tally: Tally): Promise<void> {
  const started: string[] = [];
  while (!signal.aborted) {
    try {
      await useSession((id) => started.push(id));
      tally.succeeded += 1;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      tally.refused.push(error);
      await delay(500);
    }
  }
  // What could not be stopped while the database was away.
  for (const id of started) await eventually(() => stopIfThere(id), { seconds: 60 });
}

async function useSession(onStart: (id: string) => void = () => {}): Promise<void> {
  const { client } = world.user;
  const { session } = await client.createSession(shell);
  onStart(session.id);
  await client.attachSession(session.id);
  await client.stopSession(session.id);
}

async function stopIfThere(sessionId: string): Promise<void> {
  try {
    await world.user.client.stopSession(sessionId);
  } catch (error) {
    if (!(error instanceof CallError && error.code === "not-found")) throw error;
  }
}

async function requireEcho(socket: TerminalSocket, word: string): Promise<void> {
  socket.type(`echo ${word}-$((1 + 1))\n`);
  await socket.until(new RegExp(`${word}-2`));
}

/** Takes the database away in the middle of the load, by `fail`, which resolves when it may come back. */
async function underLoad(fail: () => Promise<void>): Promise<Tally> {
  const { client } = world.user;
  return leavesNothing(world, async () => {
    const { session, attach: how } = await client.createSession(shell);
    const socket = await attach(how!);
    await requireEcho(socket, "before");
    // Has the functions' processes start, which on a busy machine takes longer than the load.
    await Promise.all(Array.from({ length: callers }, () => useSession()));
    const tally: Tally = { succeeded: 0, refused: [] };
    const enough = new AbortController();
    const duration = delay(loadMilliseconds);
    const load = Promise.all(Array.from({ length: callers }, () => useSessions(enough.signal, tally)));
    try {
      await delay(loadMilliseconds / 3);
      const failing = fail();
      await requireEcho(socket, "during");
      await failing;
      // Calls come through again, however busy the machine is.
      const { succeeded } = tally;
      await eventually(async () => assert.ok(tally.succeeded > succeeded, "no session comes through any more"), {
        seconds: 120,
      });
      await duration;
    } finally {
      enough.abort();
    }
    await load;

    // As it was: the attached socket, and every call.
    await requireEcho(socket, "after");
    const again = await eventually(() => client.attachSession(session.id));
    const other = await attach(again.attach!);
    await requireEcho(other, "again");
    await client.stopSession(session.id);
    await socket.closed;
    return tally;
  });
}

function requireInWords({ succeeded, refused }: Tally): void {
  assert.ok(succeeded > 0, "no session came through at all");
  for (const { code, details, message } of refused) {
    assert.equal(code, "unavailable", message);
    assert.ok(details.dependency === "postgres" || details.dependency === undefined, JSON.stringify(details));
    assert.match(message, /try again/i);
  }
}

test("PostgreSQL that stands still: calls end by their deadlines, in words", async () => {
  const tally = await underLoad(async () => {
    const { pid } = await processOf(world, "bin/postgres -D");
    const children = await childrenOf(pid);
    for (const each of [pid, ...children]) process.kill(each, "SIGSTOP");
    await delay(8_000);
    for (const each of [pid, ...children]) process.kill(each, "SIGCONT");
  });
  requireInWords(tally);
  assert.ok(tally.refused.length > 0, "nobody noticed");
});

test("PostgreSQL that is killed: an emptied list of tokens admits nobody, and sessions are still there", async () => {
  requireInWords(
    await underLoad(async () => {
      process.kill((await processOf(world, "bin/postgres -D")).pid, "SIGKILL");
      await delay(500);
    }),
  );
});

test("PostgreSQL of which one connection is killed, which restarts all of them", async () => {
  requireInWords(
    await underLoad(async () => {
      // A pool may close it between the question and the kill.
      await eventually(async () => {
        const [row] = await world.query<{ pid: number }>(
          "select pid from pg_stat_activity where application_name = 'cliscale-functions' limit 1",
        );
        process.kill(row!.pid, "SIGKILL");
      });
    }),
  );
});

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}
