import type { Pool } from "pg";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RefusalOutcome } from "./client/refusal.ts";
import type { Traffic } from "./splice/splice.ts";

export type AttachStep = "verify" | "consume" | "pod";
export type AttachOutcome = RefusalOutcome | "attached" | "abandoned" | "http400" | "http404";

/** Read when the metrics are. */
export interface Sources {
  openSockets: () => number;
  pendingHandshakes: () => number;
  keysAgeMilliseconds: () => number;
  pool: Pool;
}

export interface Metrics {
  registry: Registry;
  traffic: Traffic;
  attachFinished(outcome: AttachOutcome, milliseconds?: Partial<Record<AttachStep | "total", number>>): void;
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
  const bytes = new Counter({
    name: "cliscale_gateway_bytes_total",
    help: "Bytes passed on, by whom they went to",
    labelNames: ["to"],
    registers,
  });
  const toPod = bytes.labels("pod");
  const toClient = bytes.labels("client");

  return {
    registry,
    traffic: { toPod: (count) => toPod.inc(count), toClient: (count) => toClient.inc(count) },
    attachFinished(outcome, milliseconds = {}) {
      attaches.inc({ outcome });
      for (const [step, value] of Object.entries(milliseconds)) latency.observe({ step }, value / 1000);
    },
  };
}

function observe(registry: Registry, { openSockets, pendingHandshakes, keysAgeMilliseconds, pool }: Sources): void {
  gauge(registry, "cliscale_gateway_open_sockets", "Clients attached to a terminal", openSockets);
  gauge(registry, "cliscale_gateway_pending_handshakes", "Attaches under way", pendingHandshakes);
  gauge(registry, "cliscale_gateway_keys_age_seconds", "Since the token keys were last fetched", () =>
    Number((keysAgeMilliseconds() / 1000).toFixed(1)),
  );
  gauge(registry, "cliscale_gateway_postgres_connections", "Connections to PostgreSQL", () => pool.totalCount);
  gauge(registry, "cliscale_gateway_postgres_waiting", "Queries that wait for a connection", () => pool.waitingCount);
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
