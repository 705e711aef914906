import { randomBytes, randomUUID } from "node:crypto";
import { BlockList } from "node:net";
import {
  createPool,
  insertSession,
  insertToken,
  markSessionPrepared,
  markSessionReady,
  startQueuedSessions,
} from "@cliscale/db";
import { noLimits, startTestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import type { Deadlines } from "../../src/deadlines.ts";
import type { Settings } from "../../src/env.ts";
import { createGateway, type Gateway } from "../../src/gateway.ts";
import { type LogEvent, recordingLogger } from "./logger.ts";
import { nextPodIp, podRange, type RawPod, shakeHandsAsPod, startRawPod } from "./pods.ts";
import { createSigner, defaultClaims, issuer, type JwksServer, type Signer, startJwks } from "./signer.ts";

export const allowedOrigin = "http://127.0.0.1:5000";

export interface TestSession {
  id: string;
  owner: string;
  podIp: string;
  podSecret: string;
}

/** Everything around a gateway: a database, keys and their list, and the gateway itself, in this process. */
export interface World {
  databaseUrl: string;
  pool: Pool;
  signer: Signer;
  jwks: JwksServer;
  gateway: Gateway;
  events: LogEvent[];
  /** Another gateway on the same database and keys. */
  createGateway(settings?: Partial<Settings>, deadlines?: Partial<Deadlines>, now?: () => number): StartedGateway;
  createSession(options?: { owner?: string; podIp?: string; terminal?: "runner" | "ttyd" }): Promise<TestSession>;
  /** A token for this session, on the list of those that may enter. */
  mint(session: TestSession, claims?: Record<string, unknown>, listed?: boolean): Promise<string>;
  /** The gateway's address for a session. */
  url(session: TestSession, gateway?: Gateway): string;
  stop(): Promise<void>;
}

export interface StartedGateway {
  gateway: Gateway;
  events: LogEvent[];
}

export async function startWorld(
  settings: Partial<Settings> = {},
  deadlines: Partial<Deadlines> = {},
  given?: { databaseUrl: string },
): Promise<World> {
  const database = given ? { url: given.databaseUrl, remove: () => Promise.resolve() } : await startTestDatabase();
  const signer = await createSigner();
  const jwks = await startJwks([signer.jwk]);
  const pool = createPool({ connectionString: database.url, applicationName: "gateway-test", max: 4, onError() {} });

  const create: World["createGateway"] = (changes = {}, otherDeadlines = deadlines, now = Date.now) => {
    const { logger, events } = recordingLogger();
    const gateway = createGateway({
      settings: { ...defaultSettings(database.url, jwks.url), ...settings, ...changes },
      pool,
      logger,
      deadlines: otherDeadlines,
      now,
    });
    return { gateway, events };
  };
  const { gateway, events } = create();
  await gateway.start();

  return {
    databaseUrl: database.url,
    pool,
    signer,
    jwks,
    gateway,
    events,
    createGateway: create,
    createSession: (options) => createSession(pool, options),
    async mint(session, claims = {}, listed = true) {
      const all = { ...defaultClaims(), sub: session.owner, sid: session.id, ...claims };
      if (listed) {
        const { jti, sid: sessionId, sub: ownerUid } = all;
        await insertToken(pool, { jti, sessionId, ownerUid, kid: signer.kid, lifetimeSeconds: 60 });
      }
      return signer.token(all);
    },
    url: (session, other = gateway) => `ws://127.0.0.1:${other.port}/ws/${session.id}`,
    async stop() {
      await gateway.stop();
      await jwks.stop();
      await pool.end();
      await database.remove();
    },
  };
}

/** A session whose pod proves who it is and then leaves its sockets to the test. */
export async function startRawSession(world: World): Promise<{ session: TestSession; pod: RawPod }> {
  const session = await world.createSession();
  const pod = await startRawPod((socket) => shakeHandsAsPod(socket, session.podSecret), session.podIp);
  return { session, pod };
}

function defaultSettings(databaseUrl: string, jwksUrl: string): Settings {
  const range = new BlockList();
  const [network = "", prefix] = podRange.split("/");
  range.addSubnet(network, Number(prefix));
  return {
    host: "127.0.0.1",
    port: 0,
    adminHost: "127.0.0.1",
    adminPort: 0,
    databaseUrl,
    jwksUrl,
    issuer,
    allowedOrigins: [allowedOrigin],
    podRange: range,
    ttydAllowed: false,
    caps: { pending: 4096, pendingPerAddress: 4096, socketsPerSession: 256, socketsPerUser: 256 },
    proxyHops: 0,
    drainSeconds: 0,
  };
}

async function createSession(pool: Pool, options: Parameters<World["createSession"]>[0] = {}): Promise<TestSession> {
  const { owner = `user-${randomUUID()}`, podIp = nextPodIp(), terminal = "runner" } = options;
  const id = randomUUID();
  const podSecret = randomBytes(32).toString("base64url");
  const session = {
    id,
    owner_uid: owner,
    request_id: randomUUID(),
    request_digest: "",
    bundle_source: "template:shell",
    bundle_sha256: null,
    command: null,
    terminal,
    pod_secret: podSecret,
    lifetime_seconds: 600,
    idle_seconds: 0,
  };
  await insertSession(pool, session, noLimits);
  await markSessionPrepared(pool, id);
  await startQueuedSessions(pool, noLimits);
  await markSessionReady(pool, id, podIp);
  return { id, owner, podIp, podSecret };
}
