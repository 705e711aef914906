import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startKms } from "@cliscale/local/kms";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { handleExtendSession } from "../../src/extendSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { DependencyError } from "../../src/http/errors.ts";
import { handleListSessions } from "../../src/listSessions.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { createKmsSigner } from "../../src/tokens/signer.ts";
import {
  age,
  around,
  call,
  type ControlPlane,
  eventually,
  idOf,
  openPool,
  requireGone,
  signingKey,
  wish,
} from "./support.ts";

const create = (deps: Deps) => handleCreateSession(deps, call(wish()));

/** What the calls do while something that they depend on is away. */
export function outageCases(plane: ControlPlane): void {
  test("a database that is gone is named by every call", async () => {
    const { session } = await create(plane.deps);
    const pool = openPool(plane.databaseUrl);
    await pool.end();
    const deps = { ...plane.deps, pool };
    const postgres = { name: "DependencyError", dependency: "postgres" };
    await assert.rejects(create(deps), postgres);
    for (const handle of [handleAttachSession, handleGetSession, handleStopSession]) {
      await assert.rejects(handle(deps, call({ sessionId: session.id })), postgres);
    }
    await assert.rejects(handleExtendSession(deps, call({ sessionId: session.id, lifetimeSeconds: 60 })), postgres);
    await assert.rejects(handleListSessions(deps, call({})), postgres);
  });

  test("a start in the middle of which the database goes away is gone after a sweep, or goes on when it is made again", async () => {
    const pool = openPool(plane.databaseUrl);
    const inputs = [wish(), wish()] as const;
    let closed: Promise<void> | undefined;
    const closeIt = async (moment: string) => (moment === "after createSecret" ? (closed ??= pool.end()) : undefined);
    const deps = { ...plane.deps, pool, cluster: around(plane.deps.cluster, closeIt) };
    await Promise.all(
      inputs.map((input) => assert.rejects(handleCreateSession(deps, call(input)), { dependency: "postgres" })),
    );
    assert.ok((await handleCreateSession(plane.deps, call(inputs[0]))).attach);
    const abandoned = await idOf(plane, inputs[1]);
    await age(plane, abandoned);
    await handleSweep(plane.deps);
    assert.equal(await plane.row(abandoned), undefined);
    await requireGone(plane, abandoned);
  });

  test("of two calls of one request, the one that fails does not end what the other has started", async () => {
    const input = wish();
    const started = Promise.withResolvers<void>();
    const failLate = async (moment: string) => {
      if (moment !== "before createSecret") return;
      await started.promise;
      throw new DependencyError("kubernetes", new Error("injected"));
    };
    const failing = handleCreateSession({ ...plane.deps, cluster: around(plane.deps.cluster, failLate) }, call(input));
    const failure = assert.rejects(failing, { dependency: "kubernetes" });
    await eventually(async () => {
      const { rowCount } = await plane.pool.query(`select from sessions where request_id = $1`, [input.requestId]);
      assert.equal(rowCount, 1);
    });
    const starting = handleCreateSession(plane.deps, call(input));
    // This call, or any other that looks, starts it.
    await eventually(async () => {
      const { rows } = await plane.pool.query(`select from sessions where request_id = $1 and started_at is not null`, [
        input.requestId,
      ]);
      assert.equal(rows.length, 1);
    });
    started.resolve();
    const [{ session, attach }] = await Promise.all([starting, failure]);
    assert.ok(attach);
    assert.equal((await handleGetSession(plane.deps, call({ sessionId: session.id }))).session.state, "ready");
  });

  test("a call that joined a start which then fails is told to try again", async () => {
    const input = wish("template:deaf");
    const joined = Promise.withResolvers<void>();
    const failLate = async (moment: string) => {
      if (moment !== "before followPod") return;
      await joined.promise;
      throw new DependencyError("kubernetes", new Error("injected"));
    };
    const deps = { ...plane.deps, cluster: around(plane.deps.cluster, failLate) };
    const failing = assert.rejects(handleCreateSession(deps, call(input)), { dependency: "kubernetes" });
    await eventually(async () => {
      const { rows } = await plane.pool.query(`select state from sessions where request_id = $1`, [input.requestId]);
      assert.deepEqual(rows, [{ state: "starting" }]);
    });
    const joining = call(input, { streaming: true });
    const { sendChunk } = joining;
    joining.sendChunk = (chunk) => {
      joined.resolve();
      return sendChunk(chunk);
    };
    await assert.rejects(handleCreateSession(plane.deps, joining), { code: "unavailable", message: /Try again/ });
    await failing;
  });

  test("an attach for which KMS fails costs the session nothing", async () => {
    const { session } = await create(plane.deps);
    const own = { sessionId: session.id };
    const signer = createKmsSigner({ key: `${signingKey}-none`, endpoint: plane.kmsUrl });
    const attaching = handleAttachSession({ ...plane.deps, signer }, call(own));
    await assert.rejects(attaching, { name: "DependencyError", dependency: "kms" });
    assert.ok((await handleAttachSession(plane.deps, call(own))).attach);
  });

  test("stop, get and attach answer while Kubernetes is down", async () => {
    const down = { ...plane.deps, cluster: plane.clusterAt("https://127.0.0.1:9") };
    const { session } = await create(plane.deps);
    const own = { sessionId: session.id };
    assert.equal((await handleGetSession(down, call(own))).session.state, "ready");
    assert.ok((await handleAttachSession(down, call(own))).attach);
    const stopped = await handleStopSession(down, call(own));
    assert.deepEqual([stopped.session.state, stopped.session.endReason], ["ended", "stopped"]);
    assert.equal((await plane.row(session.id))?.state, "ended");
  });

  test("Cloud KMS that goes away before the token is minted leaves nothing behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
    const kms = await startKms({ port: 0, stateDir: folder });
    try {
      const signer = createKmsSigner({ key: signingKey, endpoint: `http://127.0.0.1:${kms.port}` });
      await signer.current();
      const input = wish();
      let sessionId = "";
      const stopKms = async (moment: string) => {
        if (moment !== "before followPod") return;
        sessionId = await idOf(plane, input);
        await kms.stop();
      };
      const deps = { ...plane.deps, signer, cluster: around(plane.deps.cluster, stopKms) };
      await assert.rejects(handleCreateSession(deps, call(input)), { name: "DependencyError", dependency: "kms" });
      await requireGone(plane, sessionId);
      assert.equal(await plane.row(sessionId), undefined);
    } finally {
      await kms.stop();
      await rm(folder, { recursive: true });
    }
  });
}
