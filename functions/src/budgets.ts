import { gatewayConnections } from "@cliscale/db";
import { EnvironmentError } from "@cliscale/service/environment";
import { networkOptions } from "./network.ts";

/** What one function may take. */
export interface Budget {
  /** After which a call is cut off. */
  timeoutSeconds: number;
  maxInstances: number;
  /** Calls that an instance handles at once. */
  concurrency: number;
  /** Of an instance to PostgreSQL: its pool. */
  connections: number;
}

/** What the calls take that wait for a session: 480 s where it is streamed, and time to answer. They hold no connection while they wait. */
const waiting = { timeoutSeconds: 540, maxInstances: 8, concurrency: 80, connections: 3 };

/**
 * Every function, with the most that it may take. What they can open together, and the gateways with them, has to fit into the
 * database: that is what instances and pools are kept small for.
 */
export const budgets = {
  createSession: waiting,
  attachSession: waiting,
  getSession: { timeoutSeconds: 60, maxInstances: 4, concurrency: 80, connections: 2 },
  listSessions: { timeoutSeconds: 60, maxInstances: 2, concurrency: 80, connections: 2 },
  extendSession: { timeoutSeconds: 60, maxInstances: 2, concurrency: 80, connections: 1 },
  stopSession: { timeoutSeconds: 60, maxInstances: 2, concurrency: 80, connections: 2 },
  sweepSessions: { timeoutSeconds: 120, maxInstances: 1, concurrency: 1, connections: 3 },
  health: { timeoutSeconds: 60, maxInstances: 1, concurrency: 80, connections: 1 },
  jwks: { timeoutSeconds: 60, maxInstances: 4, concurrency: 80, connections: 0 },
  rotateSigningKey: { timeoutSeconds: 120, maxInstances: 1, concurrency: 1, connections: 0 },
} as const satisfies Record<string, Budget>;
export type FunctionName = keyof typeof budgets;

/** A function's options: its budget, and the network by which it reaches the database where one is configured. */
export function optionsOf(name: FunctionName) {
  const { connections, ...limits } = budgets[name];
  return { ...limits, ...(connections > 0 && networkOptions(process.env)) };
}

/** Connections of this instance's pool, by the function that it serves; of one that serves all of them, as tests do, a waiting one's. */
export function poolSize(env: NodeJS.ProcessEnv): number {
  const { connections } = budgets[env["FUNCTION_TARGET"] as FunctionName] ?? waiting;
  return Math.max(1, connections);
}

/** A rolling update has one gateway more for a while, and a migration or a person needs connections too. */
const surgeGateways = 1;
const spareConnections = 5;

/** Connections that functions and so many gateways may open, with some to spare. */
export function connectionsNeeded(gateways: number): number {
  const functions = Object.values(budgets).map(({ maxInstances, connections }) => maxInstances * connections);
  const sum = functions.reduce((total, each) => total + each, 0);
  return sum + (gateways + surgeGateways) * gatewayConnections + spareConnections;
}

/** @throws EnvironmentError where functions and gateways may open more connections than the database has. */
export function requireConnections(available: number, gateways: number): void {
  const needed = connectionsNeeded(gateways);
  if (needed <= available) return;
  throw new EnvironmentError(
    `functions and ${gateways} gateways may open ${needed} connections, and the database has ${available}: raise its max_connections, ` +
      `lower CLISCALE_GATEWAYS_MAX with the chart's gateway.autoscaling.maxReplicas, or lower the budgets of the functions`,
  );
}
