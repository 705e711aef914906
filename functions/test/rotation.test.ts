// Months of a deployment in seconds: functions and gateways with their caches, a CDN between them, and a key that rotates.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, mock, test } from "node:test";
import { startKms } from "@cliscale/local/kms";
import { createLogger } from "@cliscale/service";
import { decodeProtectedHeader } from "jose";
import type { Pool } from "pg";
import { Keys } from "../../gateway/src/token/keys.ts";
import { verifyAttachToken } from "../../gateway/src/token/verify.ts";
import type { Deps } from "../src/deps.ts";
import { handleJwks } from "../src/jwks.ts";
import { handleRotation } from "../src/rotateSigningKey.ts";
import { mintAttach } from "../src/tokens/attachToken.ts";
import { type KeyVersions, openKeyVersions } from "../src/tokens/keyVersions.ts";
import { createKmsSigner, type Signer, type SignerOptions } from "../src/tokens/signer.ts";
import { sessionRow } from "./support/sessionRow.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";
process.env["LOG_LEVEL"] = "silent";

const [second, minute, day] = [1_000, 60_000, 24 * 60 * 60_000];
const issuer = "https://cliscale.test";
const session = sessionRow({ id: randomUUID() });

let folder: string;
let kms: Awaited<ReturnType<typeof startKms>>;
let options: SignerOptions;
let versions: KeyVersions;
let jwks: { server: Server; url: string; requests: number; isDown: boolean };

before(async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-01-01T03:00:00Z") });
  folder = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
  kms = await startKms({ port: 0, stateDir: folder });
  const key = "projects/demo-cliscale/locations/us-central1/keyRings/cliscale/cryptoKeys/attach";
  options = { key, endpoint: `http://127.0.0.1:${kms.port}` };
  versions = openKeyVersions(options);
  jwks = await serveJwks(createKmsSigner(options));
});
after(async () => {
  mock.timers.reset();
  jwks.server.close();
  await versions.close();
  await kms.stop();
  await rm(folder, { recursive: true });
});

/** The JWKS as gateways get it: from a CDN that keeps an answer for the minute that it may. */
async function serveJwks(signer: Signer): Promise<typeof jwks> {
  let kept: { body: string; until: number } | undefined;
  const server = createServer((_request, response) => {
    const answer = async () => {
      served.requests += 1;
      if (served.isDown) return response.writeHead(503).end();
      if (!kept || Date.now() >= kept.until) {
        kept = { body: JSON.stringify(await handleJwks(signer)), until: Date.now() + minute };
      }
      return response.writeHead(200, { Connection: "close" }).end(kept.body);
    };
    void answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const served = { server, url, requests: 0, isDown: false };
  return served;
}

/** Instances of the functions, and gateways that fetch the keys each minute, each at a second of its own. */
function startFleet() {
  const signers = [createKmsSigner(options), createKmsSigner(options)];
  const logger = createLogger("gateway");
  const gateways = [0, 20, 40].map((offset) => ({ offset, keys: new Keys({ url: jwks.url, logger }) }));
  for (const { keys } of gateways) keys.stop();
  return {
    /** A step of ten seconds: what is due is fetched, each instance mints, each gateway lets the token in. */
    async step(): Promise<Set<string>> {
      const secondOfMinute = Math.round((Date.now() / second) % 60);
      await Promise.all(gateways.filter(({ offset }) => offset === secondOfMinute).map(({ keys }) => keys.start()));
      const tokens = await Promise.all(signers.map(mint));
      for (const token of tokens) {
        for (const { keys } of gateways) await verifyAttachToken(token, { keys, issuer });
      }
      return new Set(tokens.map((token) => decodeProtectedHeader(token).kid!));
    },
    async warmUp(): Promise<void> {
      await Promise.all(gateways.map(({ keys }) => keys.start()));
    },
  };
}

async function mint(signer: Signer): Promise<string> {
  // The list of tokens is not what is tested here.
  const pool = { query: () => Promise.resolve({ rows: [] }) } as unknown as Pool;
  const settings = { tokenIssuer: issuer, gatewayUrl: "wss://gateway.test" };
  return (await mintAttach({ pool, signer, settings } as unknown as Deps, session)).token;
}

const enabledCount = async () => (await versions.list()).filter(({ state }) => state === "ENABLED").length;

async function generated(count: number): Promise<void> {
  while ((await enabledCount()) < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a key rotates, is published at once and signs ten minutes later; the old one is disabled a day on: no attach fails", async () => {
  const fleet = startFleet();
  await fleet.warmUp();
  const [first] = await fleet.step();
  mock.timers.tick(30 * day);

  const result = await handleRotation(versions, Date.now());
  assert.deepEqual([result.disabled, result.destructionScheduled], [[], []]);
  assert.match(result.created!, /cryptoKeyVersions\/2$/);
  await generated(2);
  const created = Date.now();
  assert.deepEqual((await handleRotation(versions, Date.now())).created, null);

  await fleet.warmUp();
  const requestsBefore = jwks.requests;
  let switchedAfter: number | undefined;
  const steps = 20 * 6;
  for (let step = 0; step < steps; step += 1) {
    const kids = await fleet.step();
    if (!kids.has(first!)) switchedAfter ??= Date.now() - created;
    else assert.equal(switchedAfter, undefined, "an old key signs again");
    mock.timers.tick(10 * second);
  }
  assert.ok(switchedAfter! >= 10 * minute && switchedAfter! <= 11 * minute, `signed after ${switchedAfter} ms`);
  // Nobody had to look for a key that was unknown: the fetches are those of every minute.
  assert.equal(jwks.requests - requestsBefore, (steps / 6) * 3);

  mock.timers.tick(day);
  await fleet.warmUp();
  assert.match((await handleRotation(versions, Date.now())).disabled[0]!, /cryptoKeyVersions\/1$/);
  for (let step = 0; step < 12; step += 1) {
    assert.ok(!(await fleet.step()).has(first!));
    mock.timers.tick(10 * second);
  }
  assert.equal(await enabledCount(), 1);

  mock.timers.tick(30 * day);
  const later = await handleRotation(versions, Date.now());
  assert.match(later.created!, /cryptoKeyVersions\/3$/);
  assert.match(later.destructionScheduled[0]!, /cryptoKeyVersions\/1$/);
  await generated(2);
});

test("a key that is disabled while instances sign with it fails no call: they go on with the other", async () => {
  mock.timers.tick(day - minute);
  const signers = Array.from({ length: 4 }, () => createKmsSigner(options));
  await Promise.all(signers.map(mint));
  const signing = (await signers[0]!.current()).name;
  const other = (await versions.list()).find(({ name, state }) => state === "ENABLED" && name !== signing)!;
  assert.ok(other);

  const minting = signers.map(async (signer) => {
    const kids: string[] = [];
    for (let count = 0; count < 25; count += 1) kids.push(decodeProtectedHeader(await mint(signer)).kid!);
    return kids;
  });
  await versions.disable(signing);
  for (const kids of await Promise.all(minting)) assert.equal(new Set(kids.slice(-1)).size, 1);
  const kid = decodeProtectedHeader(await mint(signers[0]!)).kid;
  assert.equal(kid, (await createKmsSigner(options).current()).kid);
  assert.equal((await createKmsSigner(options).current()).name, other.name);
});

test("while the JWKS is down a rotation waits for nobody, and fails no attach for fifteen minutes", async () => {
  const fleet = startFleet();
  await fleet.warmUp();
  jwks.isDown = true;
  for (let step = 0; step < 15 * 6; step += 1) {
    await fleet.step();
    mock.timers.tick(10 * second);
  }
  mock.timers.tick(minute);
  await assert.rejects(fleet.step(), { name: "KeysUnavailable" });
  jwks.isDown = false;
  mock.timers.tick(minute);
  await fleet.warmUp();
  await fleet.step();
});
