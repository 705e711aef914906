import { closeCodes } from "@cliscale/protocol";
import type { Pool } from "pg";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HttpStatus } from "./client/handshake.ts";
import type { RefusalOutcome } from "./client/refusal.ts";
import type { SpliceEnd, Traffic } from "./splice/splice.ts";

export type AttachStep = "verify" | "consume" | "pod";
export type AttachOutcome = RefusalOutcome | "attached" | "abandoned" | `http${HttpStatus}`;

/** Read when the metrics are. */
export interface Sources {
  openSockets: () => number;
  pendingHandshakes: () => number;
  isDraining: () => boolean;
  keysAgeMilliseconds: () => number;
  activityAgeMilliseconds: () => number;
  pool: Pool;
}

export interface Metrics {
  registry: Registry;
  traffic: Traffic;
  attachFinished(outcome: AttachOutcome, milliseconds?: Partial<Record<AttachStep | "total", number>>): void;
  detached(end: SpliceEnd): void;
}

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** No label names a user or a session: their number has no bound. */
export function createMetrics(sources: Sources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  observe(registry, sources);

  const attaches = new Counter({
    name: "cliscale_gateway_attaches_total",
    help: "Attaches by how they ended",
    labelNames: ["outcome"],
    registers,
  });
  const latency = new Histogram({
    name: "cliscale_gateway_attach_seconds",
    help: "How long an attach took, by step",
    labelNames: ["step"],
    buckets: latencyBuckets,
    registers,
  });
  const detaches = new Counter({
    name: "cliscale_gateway_detaches_total",
    help: "Terminals let go of, by who ended them first and the close code that the client was sent",
    labelNames: ["closed_by", "code"],
    registers,
  });
  const errors = new Counter({
    name: "cliscale_gateway_splice_errors_total",
    help: "Terminals that ended otherwise than by a close or the end of a connection",
    labelNames: ["kind"],
    registers,
  });

  return {
    registry,
    traffic: countTraffic(registry),
    detached({ closedBy, closeCode, error }) {
      detaches.inc({ closed_by: closedBy, code: labelOfCode(closeCode) });
      if (error) errors.inc({ kind: error });
    },
    attachFinished(outcome, milliseconds = {}) {
      attaches.inc({ outcome });
      for (const [step, value] of Object.entries(milliseconds)) latency.observe({ step }, value / 1000);
    },
  };
}

/** Added up as plain numbers: bytes pass far more often than metrics are read. */
function countTraffic(registry: Registry): Traffic {
  const traffic: Traffic = { toPod: 0, toClient: 0 };
  registry.registerMetric(
    new Counter({
      name: "cliscale_gateway_bytes_total",
      help: "Bytes passed on, by whom they went to",
      labelNames: ["to"],
      registers: [],
      collect() {
        this.reset();
        this.inc({ to: "pod" }, traffic.toPod);
        this.inc({ to: "client" }, traffic.toClient);
      },
    }),
  );
  return traffic;
}

const knownCodes: ReadonlySet<number> = new Set(Object.values(closeCodes));

/** Both sides may close with codes of their own; their number must not become the number of series. */
function labelOfCode(code: number | undefined): string {
  if (code === undefined) return "none";
  return knownCodes.has(code) ? String(code) : "other";
}

function observe(registry: Registry, sources: Sources): void {
  const { openSockets, pendingHandshakes, isDraining, keysAgeMilliseconds, activityAgeMilliseconds, pool } = sources;
  gauge(registry, "cliscale_gateway_open_sockets", "Clients attached to a terminal", openSockets);
  gauge(registry, "cliscale_gateway_pending_handshakes", "Attaches under way", pendingHandshakes);
  gauge(registry, "cliscale_gateway_draining", "1 while sockets are sent elsewhere", () => Number(isDraining()));
  gauge(registry, "cliscale_gateway_keys_age_seconds", "Since the token keys were last fetched", () =>
    seconds(keysAgeMilliseconds()),
  );
  gauge(registry, "cliscale_gateway_activity_age_seconds", "Since activity in sessions was last reported", () =>
    seconds(activityAgeMilliseconds()),
  );
  gauge(registry, "cliscale_gateway_postgres_connections", "Connections to PostgreSQL", () => pool.totalCount);
  gauge(registry, "cliscale_gateway_postgres_idle", "Of these, unused at the moment", () => pool.idleCount);
  gauge(registry, "cliscale_gateway_postgres_waiting", "Queries that wait for a connection", () => pool.waitingCount);
}

function seconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toFixed(1));
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    }),
  );
}
