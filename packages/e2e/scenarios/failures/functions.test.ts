// The process of a function is killed between any two steps of a start; and what it depends on fails under it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../../src/cluster.ts";
import { killFunction } from "../../src/functionsWorker.ts";
import { attach } from "../../src/socket.ts";
import { eventually, leavesNothing, processOf, startWorld, type World } from "../../src/world.ts";

const full = process.env["CLISCALE_TEST_SIZE"] === "full";
const shell = { bundle: { source: "template:shell" } };
let world: World;

before(async () => {
  world = await startWorld();
});

after(async () => {
  await world?.cluster.forgetFaults().catch(() => undefined);
  await world?.remove();
});

/** What holds the function at a step: before it takes effect, or when it has and nobody was told. */
const moments: { name: string; fault: Fault }[] = [
  { name: "row and Job", fault: { match: { verb: "create", resource: "jobs" }, fault: { delayMilliseconds: 5_000 } } },
  { name: "Job and its answer", fault: { match: { verb: "create", resource: "jobs" }, fault: { hang: true } } },
  {
    name: "Job and Secret",
    fault: { match: { verb: "create", resource: "secrets" }, fault: { delayMilliseconds: 5_000 } },
  },
  { name: "Secret and its answer", fault: { match: { verb: "create", resource: "secrets" }, fault: { hang: true } } },
  {
    name: "`starting` and the resumed Job",
    fault: { match: { verb: "patch", resource: "jobs" }, fault: { delayMilliseconds: 5_000 } },
  },
  {
    name: "the resumed Job and its answer",
    fault: { match: { verb: "patch", resource: "jobs" }, fault: { hang: true } },
  },
];
/** The handlers' own tests have every moment; here the whole stack shows each of three kinds. */
const chosen = full ? moments : moments.filter(({ name }) => /^(row|Secret and|the resumed)/.test(name));

suite("createSession is killed between", () => {
  for (const { name, fault } of chosen) {
    test(`${name}: the same request made again has its session`, async () => {
      const { client } = world.user;
      await leavesNothing(world, async () => {
        const input = { ...shell, requestId: randomUUID() };
        await killDuring(input, fault);
        const { session, attach: how } = await retried(() => client.createSession(input));
        const socket = await attach(how!);
        await socket.until(/[$#] $/);
        await client.stopSession(session.id);
      });
    });
  }

  test("watch and answer: the same request made again follows the same pod", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      const input = { ...shell, requestId: randomUUID() };
      await killDuring(input, { fault: { pod: "neverReady" } });
      const begun = Promise.withResolvers<string>();
      const again = client.createSession(input, {
        onStage: ({ stage, sessionId }) => stage === "starting" && begun.resolve(sessionId!),
      });
      await client.stopSession(await begun.promise);
      assert.equal((await again).session.endReason, "stopped");
    });
  });

  test("any two steps, and nobody asks again: within two minutes what is left runs or is gone", async () => {
    const requests: string[] = [];
    await leavesNothing(world, async () => {
      for (const { fault } of chosen) {
        const input = { ...shell, requestId: randomUUID() };
        await killDuring(input, fault);
        requests.push(input.requestId);
      }
      await settle(requests);
    });
    assert.equal(requests.length, chosen.length);
  });
});

/** Kills the function while it is held at a step, and lets the cluster go on. */
async function killDuring(input: { bundle: { source: string }; requestId: string }, fault: Fault): Promise<void> {
  await world.cluster.fail(fault);
  const dying = world.user.client.createSession(input).then(
    () => assert.fail("the call was answered before the function was killed"),
    () => undefined,
  );
  await eventually(async () => assert.equal(await world.cluster.faultsLeft(), 0));
  // A pod that is never ready has been looked at by then.
  await delay(500);
  await killFunction(world, "createSession");
  await dying;
}

/** Until none of these requests' sessions is on its way any more; those that run are stopped, as their user would. */
async function settle(requests: string[]): Promise<void> {
  await eventually(
    async () => {
      const rows = await world.query<{ id: string; state: string }>(
        "select id, state from sessions where request_id = any ($1::uuid[]) and state <> 'ended'",
        [requests],
      );
      for (const { id, state } of rows) if (state === "ready") await world.user.client.stopSession(id);
      for (const { id } of rows) await world.user.client.getSession(id);
      assert.deepEqual(rows, []);
    },
    { seconds: 120, everyMilliseconds: 1_000 },
  );
}

/** A client makes a call again that did not get through. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  return eventually(call, { seconds: 60, everyMilliseconds: 500 });
}

suite("Cloud KMS", () => {
  test("that does not answer: create and attach say so by name, leave nothing, and work once it does", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      const { session } = await client.createSession(shell);
      const kms = await processOf(world, "local/src/kms/main.ts");
      process.kill(kms.pid, "SIGSTOP");
      try {
        const kmsDown = { code: "unavailable", details: { dependency: "kms" } };
        await assert.rejects(client.attachSession(session.id), kmsDown);
        await assert.rejects(client.createSession(shell), kmsDown);
        assert.equal((await client.getSession(session.id)).session.state, "ready");
      } finally {
        process.kill(kms.pid, "SIGCONT");
      }
      const again = await retried(() => client.attachSession(session.id));
      const socket = await attach(again.attach!);
      await socket.until(/[$#] $/);
      await client.stopSession(session.id);
    });
  });

  test("that is killed is back with the same keys, and sessions live on", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      const { session, attach: how } = await client.createSession(shell);
      const socket = await attach(how!);
      process.kill((await processOf(world, "local/src/kms/main.ts")).pid, "SIGKILL");
      socket.type("echo alive-$((1 + 1))\n");
      await socket.until(/alive-2/);
      const again = await retried(() => client.attachSession(session.id));
      const other = await attach(again.attach!);
      await other.until(/alive-2/);
      await client.stopSession(session.id);
    });
  });
});

/** Faults of the Kubernetes API, and whether a start gets over one of them. */
const faults: { name: string; fault: object; survives: boolean }[] = [
  { name: "401", fault: { error: { code: 401, reason: "Unauthorized" } }, survives: false },
  { name: "403", fault: { error: { code: 403, reason: "Forbidden" } }, survives: false },
  { name: "409", fault: { error: { code: 409, reason: "AlreadyExists" } }, survives: false },
  { name: "429 with Retry-After", fault: { error: { code: 429, retryAfterSeconds: 1 } }, survives: true },
  { name: "500", fault: { error: { code: 500 } }, survives: true },
  { name: "nothing, for ever", fault: { hang: true }, survives: false },
  { name: "half a body", fault: { cut: "midBody" }, survives: true },
  { name: "a cut connection", fault: { cut: "beforeResponse" }, survives: true },
];

suite("The Kubernetes API answers createSession with", () => {
  // The handlers' own tests have each of them at each call.
  for (const { name, fault, survives } of full ? faults : faults.slice(0, 5)) {
    test(`${name}: the call ends in words, or gets over it, and nothing is left`, async () => {
      const { client } = world.user;
      await leavesNothing(world, async () => {
        for (const match of [
          { verb: "create", resource: "jobs" },
          { verb: "patch", resource: "jobs" },
        ]) {
          await world.cluster.fail({ match, fault });
          const outcome = await client.createSession(shell).then(
            ({ session }) => session,
            (error: unknown) => error as { code: string; details: object; message: string },
          );
          await world.cluster.forgetFaults();
          if ("id" in outcome) {
            assert.equal(outcome.state, "ready", `${match.verb} ${match.resource}`);
            await client.stopSession(outcome.id);
          } else {
            assert.deepEqual([outcome.code, outcome.details], ["unavailable", { dependency: "kubernetes" }]);
            assert.match(outcome.message, /cluster cannot be reached/i);
          }
          assert.ok("id" in outcome || !survives, `${match.verb} ${match.resource} did not get over ${name}`);
        }
      });
    });
  }

  test("watches that are cut: the session becomes ready all the same", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      await world.cluster.fail({ match: { verb: "watch", resource: "pods" }, fault: { cut: "watch" }, times: 3 });
      const { session } = await client.createSession(shell);
      await world.cluster.forgetFaults();
      assert.equal(session.state, "ready");
      await client.stopSession(session.id);
    });
  });

  test("nothing to a watch: the start is not held up", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      await world.cluster.fail({ match: { verb: "watch", resource: "pods" }, fault: { hang: true } });
      const began = Date.now();
      const { session } = await client.createSession(shell);
      await world.cluster.forgetFaults();
      assert.equal(session.state, "ready");
      assert.ok(Date.now() - began < 25_000, "it took as long as the client's own limit");
      await client.stopSession(session.id);
    });
  });

  test("errors to every stop: the row ends at once, and the pod is gone once the API is back", async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      const { session } = await client.createSession(shell);
      await world.cluster.fail({
        match: { verb: "delete", resource: "jobs" },
        fault: { error: { code: 503 } },
        times: 50,
      });
      assert.equal((await client.stopSession(session.id)).session.endReason, "stopped");
      await world.cluster.forgetFaults();
    });
  });
});
