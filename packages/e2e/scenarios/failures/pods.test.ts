// What happens to a session when its pod, its node or its gateway fails.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeCodes, type StageEvent } from "@cliscale/protocol";
import { jobName } from "../../src/cluster.ts";
import { attach } from "../../src/socket.ts";
import { openTextTerminal } from "../../src/textTerminal.ts";
import { eventually, gatewayProcess, leavesNothing, podProcess, startWorld, type World } from "../../src/world.ts";

const shell = { bundle: { source: "template:shell" } };
let world: World;

before(async () => {
  world = await startWorld();
});

after(async () => {
  await world?.remove();
});

test("a pod that is killed while a client is attached: the socket says so, and the session is lost, in words", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const { session, attach: how } = await client.createSession(shell);
    const socket = await attach(how!);
    socket.type("echo here-$((1 + 1))\n");
    await socket.until(/here-2/);
    process.kill((await podProcess(world, session.id)).pid, "SIGKILL");

    const { code } = await socket.closed;
    assert.ok(code === closeCodes.unavailable || code === closeCodes.gone, `closed with ${code}`);
    const ended = await eventually(async () => {
      const found = (await client.getSession(session.id)).session;
      assert.equal(found.state, "ended");
      return found;
    });
    assert.equal(ended.endReason, "lost");
    assert.match(ended.message!, /pod/i);
    await assert.rejects(client.attachSession(session.id), { code: "failed-precondition" });
  });
});

test("a pod that never becomes ready: the call says what stage it is at, and a stop ends it", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    await world.cluster.fail({ fault: { pod: "neverReady" } });
    const begun = Promise.withResolvers<string>();
    const stages: string[] = [];
    const starting = client.createSession(shell, {
      onStage: ({ stage, sessionId }) => {
        stages.push(stage);
        if (stage === "starting") begun.resolve(sessionId!);
      },
    });
    const sessionId = await begun.promise;
    assert.equal((await client.getSession(sessionId)).session.state, "starting");
    assert.equal((await client.stopSession(sessionId)).session.endReason, "stopped");
    const { session, attach: how } = await starting;
    assert.deepEqual([session.state, session.endReason, how], ["ended", "stopped", undefined]);
    assert.deepEqual(stages, ["queued", "scheduling", "pulling", "starting"]);
  });
});

for (const { name, pod, stage, words } of [
  { name: "an image that cannot be pulled", pod: "imagePull", stage: "pulling", words: /ErrImagePull: .*image/ },
  { name: "a pod that no node takes", pod: "unschedulable", stage: "scheduling", words: /Unschedulable: .*node/ },
]) {
  test(`${name} is told in words while the call waits`, async () => {
    const { client } = world.user;
    await leavesNothing(world, async () => {
      await world.cluster.fail({ fault: { pod } });
      const told = Promise.withResolvers<StageEvent>();
      const starting = client.createSession(shell, {
        onStage: (event) => event.message !== undefined && told.resolve(event),
      });
      const event = await told.promise;
      assert.equal(event.stage, stage);
      assert.match(event.message!, words);
      await client.stopSession(event.sessionId!);
      assert.equal((await starting).session.endReason, "stopped");
    });
  });
}

test("a pod that its node ends for its memory is lost, with the node's reason", async () => {
  await leavesNothing(world, async () => {
    await world.cluster.fail({ fault: { pod: "oomKilled" } });
    const { session, attach: how } = await world.user.client.createSession(shell);
    assert.deepEqual([session.endReason, how], ["lost", undefined]);
    assert.match(session.message!, /OOMKilled.*137/);
  });
});

test("a gateway that is killed while a client is attached: it attaches again, and the program never noticed", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const { session, attach: how } = await client.createSession(shell);
    const terminal = openTextTerminal({ client, sessionId: session.id, attach: how });
    await terminal.until(/[$#] $/);
    terminal.type("secret=kept; echo before-$((1 + 1))\r");
    await terminal.until(/before-2/);
    process.kill((await gatewayProcess(world)).pid, "SIGKILL");
    await eventually(async () => assert.equal(terminal.state, "reattaching"));
    await eventually(async () => assert.equal(terminal.state, "attached"), { seconds: 60 });
    terminal.type("echo after-$secret\r");
    await terminal.until(/after-kept/);
    assert.equal(terminal.text().match(/before-2/g)?.length, 1, "the screen is drawn once");
    terminal.type("exit 4\r");
    assert.deepEqual(await terminal.ended, { exitCode: 4 });
    terminal.close();
  });
});

test("a Job that somebody deletes while it starts is lost, and the waiting call is told", async () => {
  await leavesNothing(world, async () => {
    await world.cluster.fail({ fault: { pod: "neverReady" } });
    const begun = Promise.withResolvers<string>();
    const starting = world.user.client.createSession(shell, {
      onStage: ({ stage, sessionId }) => stage === "starting" && begun.resolve(sessionId!),
    });
    const name = jobName(await begun.promise);
    await world.cluster.jobs.deleteNamespacedJob({
      namespace: "cliscale-runners",
      name,
      propagationPolicy: "Background",
    });
    const { session } = await starting;
    assert.equal(session.endReason, "lost");
    assert.ok(session.message);
  });
});
