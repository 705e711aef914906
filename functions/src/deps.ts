import { createPool } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import { projectID } from "firebase-functions/params";
import type { Pool } from "pg";
import { describe } from "./http/errors.ts";
import type { Cluster } from "./kubernetes/cluster.ts";
import { region } from "./region.ts";
import type { Schedule } from "./schedule.ts";
import { readSettings, type SessionSettings } from "./settings.ts";
import type { Signer } from "./tokens/signer.ts";

/** What the handlers work with. */
export interface Deps {
  pool: Pool;
  cluster: Cluster;
  signer: Signer;
  schedule: Schedule;
  settings: SessionSettings;
}

/** Few, because every instance of every function has a pool and the database's connections are shared by all of them. */
const connectionsPerInstance = 3;

/** Made once per instance, at the first call that needs it. */
export const loadSettings = once(async () => readSettings(process.env));
export const loadDeps = once(createDeps);
export const loadSigner = once(createSigner);

/** The clients of Kubernetes and KMS are heavy and loaded here, so that reading the list of functions stays quick. */
async function createDeps(): Promise<Deps> {
  const [{ createCluster }, { createSchedule }, signer, settings] = await Promise.all([
    import("./kubernetes/cluster.ts"),
    import("./schedule.ts"),
    loadSigner(),
    loadSettings(),
  ]);
  return {
    pool: createPool({
      connectionString: settings.databaseUrl,
      applicationName: "cliscale-functions",
      max: connectionsPerInstance,
      onError: (error) => logger.warn("database connection lost", { cause: describe(error) }),
    }),
    cluster: createCluster(settings.kubernetes),
    signer,
    schedule: createSchedule({
      endpoint: settings.schedulerEndpoint,
      project: projectID.value(),
      location: region,
    }),
    settings,
  };
}

async function createSigner(): Promise<Signer> {
  const [{ createKmsSigner }, { signingKey, kmsEndpoint }] = await Promise.all([
    import("./tokens/signer.ts"),
    loadSettings(),
  ]);
  return createKmsSigner({ key: signingKey, endpoint: kmsEndpoint });
}

/** The same promise for every caller; a failure is not remembered. */
function once<T>(create: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= create().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
