import { generateKeyPair, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import {
  createPool,
  insertSession,
  insertToken,
  markSessionPrepared,
  markSessionReady,
  startQueuedSessions,
} from "@cliscale/db";
import { noLimits, startTestDatabase } from "@cliscale/local/testing";
import { attachTokenAlgorithm, attachTokenAudience, attachTokenSeconds, attachTokenType } from "@cliscale/protocol";
import { calculateJwkThumbprint, SignJWT } from "jose";
import type { Pool } from "pg";
import { concurrently } from "./concurrently.ts";

export const issuer = "https://bench.test";
/** As long as gateways accept, so that minting thousands does not race with their expiry. */
const tokenSeconds = attachTokenSeconds.accepted;
const sessionSeconds = 3600;

const statementsAtOnce = 64;

export interface Session {
  id: string;
  owner: string;
  podSecret: string;
}

/** What a gateway checks attaches against: sessions and tokens in a real PostgreSQL, and the list of keys. */
export interface ControlPlane {
  databaseUrl: string;
  jwksUrl: string;
  /** Sessions that are ready, each of a user of its own. */
  createSessions(count: number, podIp: string): Promise<Session[]>;
  /** A token for each of these sessions, good for ten minutes. */
  mint(sessions: readonly Session[]): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startControlPlane(): Promise<ControlPlane> {
  const database = await startTestDatabase();
  const pool = createPool({
    connectionString: database.url,
    applicationName: "bench",
    max: 4,
    onError: () => {},
  });
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty: "RSA", n, e });
  const jwks = await serve(
    JSON.stringify({ keys: [{ kty: "RSA", n, e, kid, use: "sig", alg: attachTokenAlgorithm }] }),
  );
  return {
    databaseUrl: database.url,
    jwksUrl: jwks.url,
    createSessions: (count, podIp) => concurrently(count, statementsAtOnce, () => createSession(pool, podIp)),
    mint: (sessions) =>
      concurrently(sessions.length, statementsAtOnce, (index) => mintToken(pool, sessions[index]!, kid, privateKey)),
    async stop() {
      await jwks.stop();
      await pool.end();
      await database.remove();
    },
  };
}

/** As `createSession` and a pod that became ready leave it behind. */
async function createSession(pool: Pool, podIp: string): Promise<Session> {
  const session = {
    id: randomUUID(),
    owner: `user-${randomUUID()}`,
    podSecret: randomBytes(32).toString("base64url"),
  };
  const row = {
    id: session.id,
    owner_uid: session.owner,
    request_id: randomUUID(),
    request_digest: "",
    bundle_source: "template:shell",
    bundle_sha256: null,
    command: null,
    terminal: "runner",
    pod_secret: session.podSecret,
    lifetime_seconds: sessionSeconds,
    idle_seconds: 0,
  } as const;
  await insertSession(pool, row, noLimits);
  await markSessionPrepared(pool, session.id);
  await startQueuedSessions(pool, noLimits);
  await markSessionReady(pool, session.id, podIp);
  return session;
}

async function mintToken(pool: Pool, { id, owner }: Session, kid: string, key: KeyObject): Promise<string> {
  const jti = randomUUID();
  await insertToken(pool, { jti, sessionId: id, ownerUid: owner, kid, lifetimeSeconds: tokenSeconds });
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: owner, sid: id, jti, iat, nbf: iat, exp: iat + tokenSeconds })
    .setIssuer(issuer)
    .setAudience(attachTokenAudience)
    .setProtectedHeader({ alg: attachTokenAlgorithm, typ: attachTokenType, kid })
    .sign(key);
}

async function serve(body: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "application/json", Connection: "close" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
}
