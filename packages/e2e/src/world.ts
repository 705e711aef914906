import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { terminalPort } from "@cliscale/protocol";
import { Client as Database } from "pg";
import { namespace, openCluster, type TestCluster } from "./cluster.ts";
import { type FoundProcess, isGateway, processesOf } from "./processes.ts";
import { countConnections } from "./sockets.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { signInDemo, type TestUser } from "./user.ts";

/** A running stack with somebody who uses it, and a look behind it. */
export interface World {
  stack: TestStack;
  user: TestUser;
  cluster: TestCluster;
  /** Rows of a query, over a connection of its own: the database may have been stopped since the last one. */
  query: <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;
  remove(): Promise<void>;
}

/** What there is of sessions that are not over. */
export interface Census {
  rows: number;
  jobs: number;
  secrets: number;
  pods: number;
  podProcesses: number;
  /** Connections of the gateway with clients and with pods. */
  sockets: number;
}

export async function startWorld(env: NodeJS.ProcessEnv = {}): Promise<World> {
  const stack = await startTestStack({ env });
  return {
    stack,
    user: await signInDemo(stack),
    cluster: openCluster(stack),
    query: async <Row extends object>(text: string, values: unknown[] = []) => {
      const database = new Database({ connectionString: stack.databaseUrl });
      // It may be stopped while it is asked; the query then fails.
      database.on("error", () => undefined);
      await database.connect();
      try {
        return (await database.query<Row>(text, values)).rows;
      } finally {
        await database.end();
      }
    },
    remove: () => stack.remove(),
  };
}

export async function takeCensus({ stack, cluster, query }: World): Promise<Census> {
  const [[rows], jobs, secrets, pods, processes] = await Promise.all([
    query<{ count: number }>(`select count(*)::integer as count from sessions where state <> 'ended'`),
    cluster.jobs.listNamespacedJob({ namespace }),
    cluster.core.listNamespacedSecret({ namespace }),
    cluster.core.listNamespacedPod({ namespace }),
    processesOf(stack),
  ]);
  const gateway = processes.find(isGateway);
  return {
    rows: rows!.count,
    jobs: jobs.items.length,
    secrets: secrets.items.length,
    pods: pods.items.length,
    podProcesses: processes.filter(isOfPod).length,
    sockets: gateway ? await countConnections(gateway, [stack.ports.gateway, terminalPort]) : 0,
  };
}

/** Runs a scenario, and requires that within two minutes, the sweep's minute included, nothing of its sessions is left. */
export async function leavesNothing<T>(world: World, scenario: () => Promise<T>): Promise<T> {
  const before = await takeCensus(world);
  const result = await scenario();
  await eventually(
    async () => {
      await sweep(world);
      assert.deepEqual(await takeCensus(world), before);
    },
    { seconds: 120, everyMilliseconds: 1_000 },
  );
  return result;
}

/** Has the scheduled clean-up run now, as the scheduler does each minute. */
export async function sweep({ stack }: World): Promise<void> {
  const answer = await fetch(`${stack.functionsUrl}/sweepSessions-0`, { method: "POST", body: "{}" });
  await answer.body?.cancel();
}

/** Tries a check again until it holds; fails as the check does when time is up. */
export async function eventually<T>(
  check: () => Promise<T>,
  { seconds = 30, everyMilliseconds = 200 }: { seconds?: number; everyMilliseconds?: number } = {},
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(everyMilliseconds);
    }
  }
}

/** The sandbox of a pod, and the runner in it; what that starts ends with it. */
function isOfPod({ command }: FoundProcess): boolean {
  return command.includes("/kubernetes/pods/") || command.includes("runner/src/main.ts");
}

/** The process of a part of the stack, by a piece of its command line. */
export async function processOf({ stack }: World, command: string): Promise<FoundProcess> {
  const found = (await processesOf(stack)).find((entry) => entry.command.includes(command));
  assert.ok(found, `no process of the stack is ${command}`);
  return found;
}

/** The process of the one gateway, in its sandbox. */
export async function gatewayProcess({ stack }: World): Promise<FoundProcess> {
  const found = (await processesOf(stack)).find(isGateway);
  assert.ok(found, "no gateway runs");
  return found;
}

/** The process of a session's pod: its sandbox, where there is one. */
export async function podProcess({ stack, cluster }: World, sessionId: string): Promise<FoundProcess> {
  const labelSelector = `cliscale.dev/session=${sessionId}`;
  const [pod] = (await cluster.core.listNamespacedPod({ namespace, labelSelector })).items;
  const id = pod?.status?.containerStatuses?.[0]?.containerID;
  const pid = Number(/^process:\/\/(\d+)$/.exec(id ?? "")?.[1]);
  const found = (await processesOf(stack)).find((entry) => entry.pid === pid);
  assert.ok(found, `the session ${sessionId} has no pod that runs`);
  return found;
}
