import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, before, beforeEach, suite, test } from "node:test";
import { calculateJwkThumbprint } from "jose";
import { Keys, KeysUnavailable } from "../src/token/keys.ts";
import { recordingLogger } from "./support/logger.ts";
import { createSigner, type JwksServer, type Signer, startJwks } from "./support/signer.ts";

let signer: Signer;
let second: Signer;
let jwks: JwksServer;
let clock: number;

before(async () => {
  [signer, second] = await Promise.all([createSigner(), createSigner()]);
});

beforeEach(async () => {
  jwks = await startJwks([signer.jwk]);
  clock = Date.now();
});

afterEach(() => jwks.stop());

async function startKeys(url = jwks.url): Promise<Keys> {
  const keys = new Keys({ url, logger: recordingLogger().logger, now: () => clock });
  await keys.start();
  keys.stop();
  return keys;
}

const randomKid = () => randomBytes(32).toString("base64url");
const minutes = (count: number) => count * 60_000;

suite("keys", { concurrency: false }, () => {
  test("are used for 15 minutes after they could last be fetched", async () => {
    const keys = await startKeys();
    jwks.status = 503;
    for (const age of [9, 11, 15]) {
      clock += minutes(age) - keys.age();
      assert.ok(await keys.find(signer.kid), `after ${age} minutes`);
    }
    clock += minutes(1);
    await assert.rejects(keys.find(signer.kid), KeysUnavailable);
    jwks.status = 200;
    clock += minutes(1);
    assert.ok(await keys.find(signer.kid), "once they can be fetched again");
  });

  test("that nobody has are looked for once in 30 s, however many are named", async () => {
    const keys = await startKeys();
    const found = await Promise.all(Array.from({ length: 1000 }, () => keys.find(randomKid())));
    assert.ok(found.every((key) => key === undefined));
    assert.equal(jwks.requests, 2);
    clock += 29_000;
    await keys.find(randomKid());
    assert.equal(jwks.requests, 2);
    clock += 1_000;
    await keys.find(randomKid());
    assert.equal(jwks.requests, 3);
  });

  test("that are new are found at once, and those that are gone no more", async () => {
    const keys = await startKeys();
    jwks.keys = [second.jwk];
    assert.ok(await keys.find(second.kid));
    assert.equal(await keys.find(signer.kid), undefined);
  });

  test("that are unknown to an old list may be new, and so are unavailable", async () => {
    const keys = await startKeys();
    jwks.status = 500;
    clock += minutes(3);
    await assert.rejects(keys.find(randomKid()), KeysUnavailable);
    assert.ok(await keys.find(signer.kid));
  });

  test("come up without a server, and then from it", async () => {
    jwks.status = 404;
    const keys = await startKeys();
    await assert.rejects(keys.find(signer.kid), KeysUnavailable);
    jwks.status = 200;
    clock += 30_000;
    assert.ok(await keys.find(signer.kid));
  });

  test("of a server that is silent are not waited for", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const keys = new Keys({ url, logger: recordingLogger().logger, fetchMilliseconds: 50 });
    const startedAt = performance.now();
    await keys.start();
    keys.stop();
    assert.ok(performance.now() - startedAt < 1_000);
    await assert.rejects(keys.find(signer.kid), KeysUnavailable);
    silent.closeAllConnections();
    silent.close();
  });

  test("are not taken from where a redirect leads", async () => {
    jwks.status = 302;
    const keys = await startKeys();
    assert.equal(jwks.requests, 1);
    await assert.rejects(keys.find(signer.kid), KeysUnavailable);
  });
});

suite("a key is not used", () => {
  const changes: Record<string, (key: Record<string, unknown>) => unknown> = {
    "of another type": (key) => ({ ...key, kty: "oct", k: key["n"] }),
    "for another use": (key) => ({ ...key, use: "enc" }),
    "for no stated use": ({ use: _use, ...key }) => key,
    "of another algorithm": (key) => ({ ...key, alg: "RS512" }),
    "under another's name": (key) => ({ ...key, kid: second.kid }),
    "under no name": ({ kid: _kid, ...key }) => key,
    "that is no object": () => "key",
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, async () => {
      jwks.keys = [change(signer.jwk), second.jwk];
      const keys = await startKeys();
      assert.equal(await keys.find(signer.kid), undefined);
      assert.ok(await keys.find(second.kid), "the others are");
    });
  }

  test("with another exponent", async () => {
    const { kty, n } = signer.jwk as { kty: "RSA"; n: string };
    const kid = await calculateJwkThumbprint({ kty, n, e: "Aw" });
    jwks.keys = [{ ...signer.jwk, e: "Aw", kid }];
    const keys = await startKeys();
    assert.equal(await keys.find(kid), undefined);
  });

  test("of less than 2048 bits", async () => {
    const short = await createSigner(2040);
    jwks.keys = [short.jwk];
    const keys = await startKeys();
    assert.equal(await keys.find(short.kid), undefined);
  });

  test("whose name occurs twice", async () => {
    jwks.keys = [signer.jwk, second.jwk, signer.jwk];
    const keys = await startKeys();
    assert.equal(await keys.find(signer.kid), undefined);
    assert.ok(await keys.find(second.kid));
  });
});
