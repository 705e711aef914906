// The signing key of a running stack: it rotates under load, and is given up when it is compromised.
import assert from "node:assert/strict";
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closeCodes } from "@cliscale/protocol";
import { attach } from "../src/socket.ts";
import { runAdmin } from "../src/stack.ts";
import { eventually, startWorld, type World } from "../src/world.ts";

const shell = { bundle: { source: "template:shell" } };
/** Functions believe their list of versions for 30 s, and gateways look for keys they do not know once in 30 s. */
const toldSeconds = 90;
let world: World;

before(async () => {
  world = await startWorld();
});
after(() => world?.remove());

const partOf = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split(".")[index]!, "base64url").toString()) as Record<string, unknown>;
const kidOf = (token: string) => partOf(token, 0)["kid"] as string;
const codeOf = async (url: string, token: string) => (await (await attach({ url, token, expiresAt: "" })).closed).code;

/** A terminal that is reached with this token; it is left at once. */
async function enters(url: string, token: string): Promise<void> {
  const socket = await attach({ url, token, expiresAt: "" });
  await socket.until(/[$#] /);
  socket.socket.close();
  await socket.closed;
}

async function jwks(): Promise<string[]> {
  const answer = await fetch(`${world.stack.url}/.well-known/jwks.json`);
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

/** The private key of a version, as a thief has it. */
async function stolenKey(number: number): Promise<KeyObject> {
  const state = JSON.parse(await readFile(join(world.stack.stateDir, "kms/state.json"), "utf8")) as {
    versions: Record<string, { key: { privateKey: string } }>;
  };
  const name = Object.keys(state.versions).find((each) => each.endsWith(`/${number}`))!;
  return createPrivateKey(state.versions[name]!.key.privateKey);
}

test("a rotation runs under its own identity, and fails no attach", async () => {
  const { session } = await world.user.client.createSession(shell);
  const load = { isRotated: false, attached: 0 };
  const attaching = Array.from({ length: 4 }, async () => {
    while (!load.isRotated || load.attached < 20) {
      const { attach: how } = await world.user.client.attachSession(session.id);
      await enters(how!.url, how!.token);
      load.attached += 1;
    }
  });
  const rotate = async () => {
    const answer = await fetch(`${world.stack.functionsUrl}/rotateSigningKey-0`, { method: "POST", body: "{}" });
    assert.equal(answer.status, 200, await answer.text());
  };
  await Promise.all([...attaching, Promise.all([rotate(), rotate()]).finally(() => (load.isRotated = true))]);
  await world.user.client.stopSession(session.id);
});

test("a compromised key is refused at once, whatever is cached, and another one takes over", async () => {
  const { session, attach: how } = await world.user.client.createSession(shell);
  const { url, token } = how!;
  const unused = (await world.user.client.attachSession(session.id)).attach!.token;
  const kid = kidOf(token);
  await enters(url, token);

  // What a thief can make of the key, and of a token that was overheard before its owner used it.
  const claims = { ...partOf(unused, 1), exp: (partOf(unused, 1)["exp"] as number) + 300 };
  const input = `${unused.split(".")[0]}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const thief = await stolenKey(1);
  const forged = `${input}.${sign("sha256", Buffer.from(input), thief).toString("base64url")}`;

  const { code, output, errors } = await runAdmin(world.stack, "revoke-key", kid);
  assert.deepEqual([code, errors], [0, ""]);
  assert.match(
    output,
    /created .*cryptoKeyVersions\/2; disabled .*cryptoKeyVersions\/1; deleted [1-9]\d* unused tokens\n$/,
  );
  assert.equal(await codeOf(url, forged), closeCodes.unauthenticated);
  assert.equal(await codeOf(url, unused), closeCodes.unauthenticated);

  await eventually(
    async () => {
      const fresh = (await world.user.client.attachSession(session.id)).attach!;
      assert.notEqual(kidOf(fresh.token), kid);
      await enters(fresh.url, fresh.token);
    },
    { seconds: toldSeconds, everyMilliseconds: 2_000 },
  );
  await eventually(async () => assert.ok(!(await jwks()).includes(kid)), { seconds: toldSeconds });
  const again = await runAdmin(world.stack, "revoke-key", kid);
  assert.equal(again.output, `${kid}: no enabled version has this key id; deleted 0 unused tokens\n`);
  await world.user.client.stopSession(session.id);
});
