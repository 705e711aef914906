import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { credentials } from "@grpc/grpc-js";
import type { GrpcServer } from "../../src/grpc/server.ts";
import { type SchedulerOptions, startScheduler } from "../../src/scheduler/server.ts";
import { createTestClock, type TestClock } from "./testClock.ts";
import { startTarget, type Target } from "./target.ts";

/** A Cloud Scheduler, real or not, that the contract is checked on. */
export interface SchedulerSubject {
  client: CloudSchedulerClient;
  /** The location in which jobs are created. */
  parent: string;
  /** Names of the jobs that the cases created. */
  jobs: string[];
  /** A URL at which nobody answers. */
  deadUrl: string;
  /** Only where the case sets the time and receives the requests. */
  sandbox?: { clock: TestClock; target: Target; restart: () => Promise<void> };
  /** Removes what the cases made. */
  close: () => Promise<void>;
}

/** The real service, by Application Default Credentials. */
export function openCloudScheduler(parent: string): SchedulerSubject {
  const client = new CloudSchedulerClient();
  const jobs: string[] = [];
  return {
    client,
    parent,
    jobs,
    deadUrl: "https://cliscale-contract.invalid/",
    async close() {
      // Those that a case deleted are gone.
      for (const name of jobs) await client.deleteJob({ name }).catch(() => undefined);
      await client.close();
    },
  };
}

export type StartOptions = Pick<SchedulerOptions, "port" | "stateDir" | "clock" | "functionsUrl">;

/** A stand-in of its own, with a clock, a target and a state of its own. `start` may be another one than it really has. */
export async function openStandIn(
  start: (options: StartOptions) => Promise<GrpcServer> = startScheduler,
): Promise<
  SchedulerSubject & { sandbox: NonNullable<SchedulerSubject["sandbox"]>; server: GrpcServer; stateDir: string }
> {
  // The client would look for Google's metadata server otherwise.
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const stateDir = await mkdtemp(join(tmpdir(), "cliscale-scheduler-"));
  const clock = createTestClock();
  const target = await startTarget();
  const options = { stateDir, clock, functionsUrl: "http://127.0.0.1:1/demo-cliscale/us-central1" };
  let server = await start({ ...options, port: 0 });
  const sslCreds = credentials.createInsecure();
  const client = new CloudSchedulerClient({ apiEndpoint: "127.0.0.1", port: server.port, sslCreds });

  async function restart(): Promise<void> {
    await server.stop();
    server = await start({ ...options, port: server.port });
  }

  return {
    client,
    parent: "projects/demo-cliscale/locations/us-central1",
    jobs: [],
    deadUrl: "http://127.0.0.1:1/",
    sandbox: { clock, target, restart },
    get server() {
      return server;
    },
    stateDir,
    async close() {
      await client.close();
      await server.stop();
      await target.close();
      await rm(stateDir, { recursive: true });
    },
  };
}
