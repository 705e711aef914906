import { createPool } from "@cliscale/db";
import { initializeApp } from "firebase-admin/app";
import { type Auth, getAuth } from "firebase-admin/auth";
import type { Pool } from "pg";
import { type Cluster, createCluster } from "../kubernetes/cluster.ts";
import { readSettings, type Settings } from "../settings.ts";
import { type KeyVersions, openKeyVersions } from "../tokens/keyVersions.ts";
import { createKmsSigner, type Signer } from "../tokens/signer.ts";

/** What an operator works with, under the operator's own identity. */
export interface Operator {
  pool: Pool;
  cluster: Cluster;
  settings: Settings;
  auth: Auth;
  signer: Signer;
  keyVersions: KeyVersions;
}

/** @throws EnvironmentError */
export function createOperator(env: NodeJS.ProcessEnv): Operator {
  const settings = readSettings(env);
  const pool = createPool({
    connectionString: settings.databaseUrl,
    cloudSql: settings.cloudSql,
    applicationName: "cliscale-admin",
    max: 2,
    // What breaks while idle is not missed, and what breaks in use is an error there.
    onError: () => undefined,
  });
  return {
    pool,
    settings,
    cluster: createCluster(settings.kubernetes),
    auth: getAuth(initializeApp()),
    signer: createKmsSigner(settings.rotation),
    keyVersions: openKeyVersions(settings.rotation),
  };
}

export async function closeOperator({ pool, keyVersions }: Operator): Promise<void> {
  await Promise.all([pool.end(), keyVersions.close()]);
}
