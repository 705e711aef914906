import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorDetails, StartAnswer } from "@cliscale/protocol";
import type { HttpsError } from "firebase-functions/https";
import { createLocalJWKSet, jwtVerify } from "jose";
import { defaultBundleSettings } from "../../src/bundleSettings.ts";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { handleJwks } from "../../src/jwks.ts";
import { jobName, runnerNamespace } from "../../src/kubernetes/jobManifest.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { podTemplates } from "./podProgram.ts";
import { around, call, type ControlPlane, eventually, requireGone, wish } from "./support.ts";

const namespace = runnerNamespace;
async function requireValid(plane: ControlPlane, { session, attach }: StartAnswer): Promise<void> {
  assert.equal(session.state, "ready");
  assert.equal(attach?.url, `ws://127.0.0.1:8080/ws/${session.id}`);
  const keys = createLocalJWKSet(await handleJwks(plane.deps.signer));
  const { payload } = await jwtVerify(attach.token, keys, {
    issuer: "https://cliscale.test",
    audience: "cliscale-gateway",
    subject: "ada",
    typ: "attach+jwt",
    algorithms: ["RS256"],
    requiredClaims: ["jti", "iat", "nbf", "exp"],
    maxTokenAge: 60,
  });
  assert.equal(payload["sid"], session.id);
  assert.equal(new Date(payload.exp! * 1000).toISOString(), attach.expiresAt);
  const { rows } = await plane.pool.query(`select session_id, owner_uid from token_jti where jti = $1`, [payload.jti]);
  assert.deepEqual(rows, [{ session_id: session.id, owner_uid: "ada" }]);
}

/** The steps of a start. Nobody else may be at work: sweeps and other calls would take some of them over. */
export function startOrderCase(plane: ControlPlane): void {
  test("goes from row to suspended Job to Secret to `starting` to the resumed Job", async () => {
    const input = wish();
    const seen: unknown[] = [];
    const look = async (moment: string) => {
      const { rows } = await plane.pool.query<{ id: string; state: string }>(
        `select id, state from sessions where request_id = $1`,
        [input.requestId],
      );
      const name = jobName(rows[0]!.id);
      const labelSelector = `cliscale.dev/session=${rows[0]!.id}`;
      const [job] = (await plane.jobs.listNamespacedJob({ namespace, labelSelector })).items;
      const [secret] = (await plane.core.listNamespacedSecret({ namespace, labelSelector })).items;
      const pods = await plane.core.listNamespacedPod({ namespace, labelSelector });
      if (secret) assert.equal(secret.metadata?.ownerReferences?.[0]?.uid, job?.metadata?.uid);
      if (job) assert.equal(job.metadata?.name, name);
      if (moment !== "after resumeJob") assert.equal(pods.items.length, 0);
      seen.push([moment, rows[0]!.state, job?.spec?.suspend, secret !== undefined]);
    };
    const moments = /createJob|createSecret|resumeJob/;
    const hook = async (moment: string) => (moments.test(moment) ? look(moment) : undefined);
    const deps = { ...plane.deps, cluster: around(plane.deps.cluster, hook) };
    await requireValid(plane, await handleCreateSession(deps, call(input)));
    assert.deepEqual(seen, [
      ["before createJob", "queued", undefined, false],
      ["after createJob", "queued", true, false],
      ["before createSecret", "queued", true, false],
      ["after createSecret", "queued", true, true],
      ["before resumeJob", "starting", true, true],
      ["after resumeJob", "starting", false, true],
    ]);
  });
}

/** How a session starts, and what its caller is told and given. */
export function startCases(plane: ControlPlane): void {
  test("a bundle that is not allowed is refused before there is a row", async () => {
    for (const source of ["template:nothing", "npm:cowsay@latest", "https://169.254.169.254/a.tgz"]) {
      const input = wish(source);
      await assert.rejects(handleCreateSession(plane.deps, call(input)), ({ code, details }: HttpsError) => {
        assert.equal(code, "invalid-argument");
        assert.equal((details as ErrorDetails).violations?.[0]?.field, "bundle.source");
        return true;
      });
      const { rowCount } = await plane.pool.query(`select from sessions where request_id = $1`, [input.requestId]);
      assert.equal(rowCount, 0);
    }
  });

  test("a session of a template keeps its name, has its command, and fetches what it stands for", async () => {
    const listen = podTemplates.find(({ name }) => name === "listen");
    const templates = [{ ...listen!, name: "tool", command: "listen --well" }];
    const settings = { ...plane.deps.settings, bundles: { ...defaultBundleSettings, templates } };
    const { session } = await handleCreateSession({ ...plane.deps, settings }, call(wish("template:tool")));
    assert.deepEqual(
      [session.state, session.bundle, session.command],
      ["ready", { source: "template:tool" }, "listen --well"],
    );
    const secret = await plane.core.readNamespacedSecret({ namespace, name: jobName(session.id) });
    assert.equal(Buffer.from(secret.data!["command"]!, "base64").toString(), "listen --well");
  });

  test("a streaming call is told every stage once, in order, and gets a token that is valid", async () => {
    const streaming = call(wish(), { streaming: true });
    const answer = await handleCreateSession(plane.deps, streaming);
    await requireValid(plane, answer);
    const { chunks } = streaming;
    assert.deepEqual(
      chunks.map(({ stage }) => stage),
      ["queued", "scheduling", "pulling", "starting", "ready"],
    );
    const times = chunks.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted());
    assert.ok(chunks.every(({ sessionId }) => sessionId === answer.session.id));
  });

  test("the same request ten times at once is one session, and every answer has a token of its own", async () => {
    const input = wish();
    const answers = await Promise.all(Array.from({ length: 10 }, () => handleCreateSession(plane.deps, call(input))));
    await Promise.all(answers.map((answer) => requireValid(plane, answer)));
    assert.equal(new Set(answers.map(({ session }) => session.id)).size, 1);
    assert.equal(new Set(answers.map(({ attach }) => attach!.token)).size, 10);
    const labelSelector = `cliscale.dev/session=${answers[0]!.session.id}`;
    assert.equal((await plane.jobs.listNamespacedJob({ namespace, labelSelector })).items.length, 1);
    assert.equal((await plane.core.listNamespacedPod({ namespace, labelSelector })).items.length, 1);
  });

  test("the same request with other input is refused, and an attach gets a fresh token", async () => {
    const input = wish("template:listen", { env: { A: "1", B: "2" } });
    const { session, attach } = await handleCreateSession(plane.deps, call(input));
    const again = await handleCreateSession(plane.deps, call({ ...input, env: { B: "2", A: "1" } }));
    assert.equal(again.session.id, session.id);
    await assert.rejects(handleCreateSession(plane.deps, call({ ...input, env: { A: "1" } })), {
      code: "invalid-argument",
    });
    const attached = await handleAttachSession(plane.deps, call({ sessionId: session.id }));
    await requireValid(plane, attached);
    assert.equal(new Set([attach, again.attach, attached.attach].map((each) => each!.token)).size, 3);
  });

  test("when the caller goes away while it follows the session, the session becomes ready all the same", async () => {
    const leaving = call(wish(), { streaming: true });
    const { sendChunk } = leaving;
    leaving.sendChunk = (chunk) => {
      leaving.leave();
      return sendChunk(chunk);
    };
    const { session, attach } = await handleCreateSession(plane.deps, leaving);
    assert.equal(attach, undefined);
    assert.equal(session.state, "starting");
    await eventually(async () => {
      const found = await handleGetSession(plane.deps, call({ sessionId: session.id }));
      assert.equal(found.session.state, "ready");
    });
  });

  test("`env` is in the Secret, and nowhere in the database or the Job", async () => {
    const canary = "canary-3b1f90";
    const input = wish("template:listen", { env: { TOKEN: canary } });
    const { session } = await handleCreateSession(plane.deps, call(input));
    const name = jobName(session.id);
    const secret = await plane.core.readNamespacedSecret({ namespace, name });
    const decoded = Buffer.from(secret.data!["env.json"]!, "base64").toString();
    assert.deepEqual(JSON.parse(decoded), { TOKEN: canary });

    const forms = [canary, Buffer.from(canary).toString("base64").slice(0, -4), Buffer.from(canary).toString("hex")];
    const holds = (text: string) => forms.some((form) => text.includes(form));
    const dumps = await Promise.all(
      ["sessions", "token_jti"].map((table) => plane.pool.query(`select to_jsonb(t)::text as text from ${table} t`)),
    );
    const database = dumps.flatMap(({ rows }) => rows.map(({ text }: { text: string }) => text)).join("\n");
    assert.ok(database.includes(session.id));
    assert.equal(holds(database), false);
    const labelSelector = `cliscale.dev/session=${session.id}`;
    const [job, pods, events] = await Promise.all([
      plane.jobs.readNamespacedJob({ namespace, name }),
      plane.core.listNamespacedPod({ namespace, labelSelector }),
      plane.core.listNamespacedEvent({ namespace }),
    ]);
    assert.equal(pods.items.length, 1);
    assert.equal(holds(JSON.stringify([job, pods, events])), false);
  });

  test("a call whose pod never listens waits, and a stop ends the wait", async () => {
    const waiting = call(wish("template:deaf"), { streaming: true });
    const answering = handleCreateSession(plane.deps, waiting);
    const sessionId = await eventually(async () => {
      assert.equal(waiting.chunks.at(-1)?.stage, "starting");
      return waiting.chunks[0]!.sessionId!;
    });
    await handleStopSession(plane.deps, call({ sessionId }));
    const { session, attach } = await answering;
    assert.deepEqual([session.state, session.endReason, attach], ["ended", "stopped", undefined]);
    await requireGone(plane, sessionId);
  });
}
