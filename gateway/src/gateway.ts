import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "@cliscale/service";
import type { Pool } from "pg";
import { Activity } from "./activity.ts";
import { createAdminServer } from "./adminServer.ts";
import { Admission } from "./admission.ts";
import { attach, type AttachHost } from "./attach.ts";
import { defaultDeadlines, type Deadlines } from "./deadlines.ts";
import { drain } from "./drain.ts";
import type { Settings } from "./env.ts";
import { explainLoss } from "./lostPod.ts";
import { createMetrics } from "./metrics.ts";
import { milliseconds } from "./milliseconds.ts";
import type { PodSocket } from "./pod/podSocket.ts";
import { createPublicServer } from "./publicServer.ts";
import { SessionWatch } from "./sessionWatch.ts";
import { Splice, type SpliceHost, type SpliceIdentity, startSplice } from "./splice/splice.ts";
import { TokenConsumer } from "./token/consumer.ts";
import { Keys } from "./token/keys.ts";

export interface GatewayOptions {
  settings: Settings;
  /** Of few connections; closed by whoever made it, after `stop`. */
  pool: Pool;
  logger: Logger;
  deadlines?: Partial<Deadlines>;
  /** Milliseconds since 1970: the clock that tokens and keys are judged by. */
  now?: () => number;
}

export interface Gateway {
  /** Where it listens, once started. */
  readonly port: number;
  readonly adminPort: number;
  /** Resolves when clients can attach; outages behind the gateway do not keep it from starting. */
  start(): Promise<void>;
  /** Sends its clients elsewhere and closes. However often it is called, it happens once. */
  stop(): Promise<void>;
  /** Ends the window over which `stop` spreads that: the sockets that are left are closed at once. */
  hurry(): void;
}

/** Connections that the kernel keeps until they are accepted: when a gateway ends, its clients come to the others at once. */
const connectionBacklog = 4096;

type Phase = "starting" | "ready" | "draining";

/** A gateway between browsers and pods. It holds no state but its open sockets. */
export function createGateway({ settings, pool, logger, now = Date.now, ...options }: GatewayOptions): Gateway {
  const deadlines = { ...defaultDeadlines, ...options.deadlines };
  const open = new Set<Splice>();
  const admission = new Admission(settings.caps);
  const keys = new Keys({ url: settings.jwksUrl, logger, now });
  const watch = new SessionWatch({ open, pool, logger, deadlines });
  const activity = new Activity({ open, pool, logger, deadlines });
  const metrics = createMetrics({
    openSockets: () => open.size,
    pendingHandshakes: () => admission.pending,
    isDraining: () => phase === "draining",
    keysAgeMilliseconds: () => keys.age(),
    activityAgeMilliseconds: () => activity.age(),
    pool,
  });
  let phase: Phase = "starting";
  let stopping: Promise<void> | undefined;
  const hurry = new AbortController();

  const spliceHost: SpliceHost = {
    closeMilliseconds: deadlines.close,
    traffic: metrics.traffic,
    explainLoss: (sessionId) => explainLoss(sessionId, pool, deadlines.explain),
    spliceEnded(splice) {
      open.delete(splice);
      activity.closed(splice);
      admission.giveBack(splice.identity);
      const { closedBy = "gateway", closeCode, error } = splice;
      metrics.detached({ closedBy, closeCode, error });
      logDetach(logger, splice);
    },
  };
  const attachHost: AttachHost = {
    admission,
    allowedOrigins: settings.allowedOrigins,
    deadlines,
    logger,
    metrics,
    podRange: settings.podRange,
    tokens: new TokenConsumer(pool),
    ttydAllowed: settings.ttydAllowed,
    verifier: { keys, issuer: settings.issuer, now },
    isDraining: () => phase === "draining",
    splice(client: Socket, pod: PodSocket, identity: SpliceIdentity) {
      const splice = new Splice(client, pod, identity, spliceHost);
      open.add(splice);
      startSplice(splice);
    },
  };
  const publicServer = createPublicServer({
    proxyHops: settings.proxyHops,
    headersMilliseconds: deadlines.headers,
    waitingConnections: settings.caps.pending,
    logger,
    metrics,
    onUpgrade: (upgrade) => attach(attachHost, upgrade),
  });
  const adminServer = createAdminServer({ registry: metrics.registry, logger, isReady: () => phase === "ready" });

  async function start(): Promise<void> {
    await listen(adminServer, settings.adminPort, settings.adminHost);
    await Promise.all([keys.start(), activity.start()]);
    watch.start();
    await listen(publicServer, settings.port, settings.host);
    if (phase === "starting") phase = "ready";
  }

  async function drainAndClose(): Promise<void> {
    phase = "draining";
    await drain({
      open,
      pendingHandshakes: () => admission.pending,
      windowMilliseconds: settings.drainSeconds * 1000,
      closeMilliseconds: deadlines.close,
      hurry: hurry.signal,
    });
    watch.stop();
    keys.stop();
    await activity.stop();
    await Promise.all([close(publicServer), close(adminServer)]);
  }

  return {
    get port() {
      return portOf(publicServer);
    },
    get adminPort() {
      return portOf(adminServer);
    },
    start,
    stop: () => (stopping ??= drainAndClose()),
    hurry: () => hurry.abort(),
  };
}

function logDetach(logger: Logger, splice: Splice): void {
  const { identity, closedBy, closeCode, error, client, pod, startedAt } = splice;
  logger.info(
    {
      sessionId: identity.sessionId,
      jti: identity.jti,
      closedBy,
      code: closeCode,
      error,
      seconds: Math.round((milliseconds() - startedAt) / 1000),
      bytesFromClient: client.bytesRead,
      bytesFromPod: pod.bytesRead,
    },
    "detach",
  );
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen({ port, host, backlog: connectionBacklog });
  await once(server, "listening");
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
