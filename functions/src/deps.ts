import { availableConnections, createPool } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import { projectID } from "firebase-functions/params";
import type { Pool } from "pg";
import { poolSize, requireConnections } from "./budgets.ts";
import { describe } from "./http/errors.ts";
import type { Cluster } from "./kubernetes/cluster.ts";
import { region } from "./region.ts";
import type { Schedule } from "./schedule.ts";
import { readSettings, type SessionSettings, type Settings } from "./settings.ts";
import type { KeyVersions } from "./tokens/keyVersions.ts";
import type { Signer } from "./tokens/signer.ts";

/** What the handlers work with. */
export interface Deps {
  pool: Pool;
  cluster: Cluster;
  signer: Signer;
  schedule: Schedule;
  settings: SessionSettings;
}

/** Made once per instance, at the first call that needs it. */
export const loadSettings = once(async () => readSettings(process.env));
export const loadDeps = once(createDeps);
export const loadSigner = once(createSigner);
export const loadKeyVersions = once(createKeyVersions);

/** The clients of Kubernetes and KMS are heavy and loaded here, so that reading the list of functions stays quick. */
async function createDeps(): Promise<Deps> {
  const [{ createCluster }, { createSchedule }, signer, settings] = await Promise.all([
    import("./kubernetes/cluster.ts"),
    import("./schedule.ts"),
    loadSigner(),
    loadSettings(),
  ]);
  return {
    pool: await openPool(settings),
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

async function openPool(settings: Settings): Promise<Pool> {
  const pool = createPool({
    connectionString: settings.databaseUrl,
    cloudSql: settings.cloudSql,
    applicationName: "cliscale-functions",
    max: poolSize(process.env),
    onError: (error) => logger.warn("database connection lost", { cause: describe(error) }),
  });
  if (settings.databaseConnections > 0) return pool;
  try {
    await requireRoom(pool, settings);
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** @throws EnvironmentError where the database says that it has too few connections. One that does not answer is no reason not to start. */
export async function requireRoom(pool: Pool, { gatewaysMax }: Pick<Settings, "gatewaysMax">): Promise<void> {
  const available = await availableConnections(pool).catch((error: unknown) => {
    logger.warn("the database does not say how many connections it has", { cause: describe(error) });
    return Infinity;
  });
  requireConnections(available, gatewaysMax);
}

async function createSigner(): Promise<Signer> {
  const [{ createKmsSigner }, { signingKey }] = await Promise.all([import("./tokens/signer.ts"), loadSettings()]);
  return createKmsSigner(signingKey);
}

async function createKeyVersions(): Promise<KeyVersions> {
  const [{ openKeyVersions }, { rotation }] = await Promise.all([import("./tokens/keyVersions.ts"), loadSettings()]);
  return openKeyVersions(rotation);
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
