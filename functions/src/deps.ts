import { createPool } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import { projectID } from "firebase-functions/params";
import type { Pool } from "pg";
import { describe } from "./http/errors.ts";
import type { Cluster } from "./kubernetes/cluster.ts";
import * as params from "./params.ts";
import { region } from "./region.ts";
import type { Schedule } from "./schedule.ts";
import type { Signer } from "./tokens/signer.ts";

/** What the handlers work with. */
export interface Deps {
  pool: Pool;
  cluster: Cluster;
  signer: Signer;
  schedule: Schedule;
  settings: Settings;
}

export interface Settings {
  runnerImage: string;
  gatewayUrl: string;
  tokenIssuer: string;
  lifetimeDefaultSeconds: number;
  lifetimeMaxSeconds: number;
  idleDefaultSeconds: number;
}

/** Few, because every instance of every function has a pool and the database's connections are shared by all of them. */
const connectionsPerInstance = 3;

/** Made once per instance, at the first call that needs it. */
export const loadDeps = once(createDeps);
export const loadSigner = once(createSigner);

/** The clients of Kubernetes and KMS are heavy and loaded here, so that reading the list of functions stays quick. */
async function createDeps(): Promise<Deps> {
  const [{ createCluster }, { createSchedule }, signer] = await Promise.all([
    import("./kubernetes/cluster.ts"),
    import("./schedule.ts"),
    loadSigner(),
  ]);
  return {
    pool: createPool({
      connectionString: params.databaseUrl.value(),
      applicationName: "cliscale-functions",
      max: connectionsPerInstance,
      onError: (error) => logger.warn("database connection lost", { cause: describe(error) }),
    }),
    cluster: createCluster({
      endpoint: params.kubernetesEndpoint.value(),
      caFile: params.kubernetesCaFile.value(),
      tokenFile: params.kubernetesTokenFile.value(),
    }),
    signer,
    schedule: createSchedule({
      endpoint: params.schedulerEndpoint.value(),
      project: projectID.value(),
      location: region,
    }),
    settings: {
      runnerImage: params.runnerImage.value(),
      gatewayUrl: params.gatewayUrl.value(),
      tokenIssuer: params.tokenIssuer.value(),
      lifetimeDefaultSeconds: params.lifetimeDefaultSeconds.value(),
      lifetimeMaxSeconds: params.lifetimeMaxSeconds.value(),
      idleDefaultSeconds: params.idleDefaultSeconds.value(),
    },
  };
}

async function createSigner(): Promise<Signer> {
  const { createKmsSigner } = await import("./tokens/signer.ts");
  return createKmsSigner({ key: params.signingKey.value(), endpoint: params.kmsEndpoint.value() });
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
