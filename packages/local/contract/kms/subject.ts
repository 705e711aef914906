import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { credentials } from "@grpc/grpc-js";
import type { GrpcServer } from "../../src/grpc/server.ts";
import { type KmsOptions, startKms } from "../../src/kms/server.ts";

/** A Cloud KMS, real or not, that the contract is checked on. */
export interface KmsSubject {
  client: KeyManagementServiceClient;
  /** A key ring in which keys can be created. */
  keyRing: string;
  /** Names of the keys that the cases created. */
  keys: string[];
  /** Stops and starts the service, where that can be done. */
  restart?: () => Promise<void>;
  /** Removes what the cases made, as far as the service can. */
  close: () => Promise<void>;
}

/** The real service, by Application Default Credentials. Keys stay for ever, their versions are scheduled for destruction. */
export function openCloudKms(keyRing: string): KmsSubject {
  const client = new KeyManagementServiceClient();
  const keys: string[] = [];
  return {
    client,
    keyRing,
    keys,
    async close() {
      for (const parent of keys) await destroyVersions(client, parent);
      await client.close();
    },
  };
}

async function destroyVersions(client: KeyManagementServiceClient, parent: string): Promise<void> {
  const [versions] = await client.listCryptoKeyVersions({ parent });
  for (const { name, state } of versions) {
    if (state === "ENABLED" || state === "DISABLED") await client.destroyCryptoKeyVersion({ name: name! });
  }
}

/** A stand-in of its own, with a state of its own. `start` may be another one than it really has. */
export async function openStandIn(
  start: (options: KmsOptions) => Promise<GrpcServer> = startKms,
): Promise<KmsSubject & { server: GrpcServer; stateDir: string }> {
  // The client would look for Google's metadata server otherwise.
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const stateDir = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
  let server = await start({ port: 0, stateDir });
  const sslCreds = credentials.createInsecure();
  const client = new KeyManagementServiceClient({ apiEndpoint: "127.0.0.1", port: server.port, sslCreds });
  return {
    client,
    keyRing: "projects/demo-cliscale/locations/us-central1/keyRings/cliscale",
    keys: [],
    get server() {
      return server;
    },
    stateDir,
    async restart() {
      await server.stop();
      server = await start({ port: server.port, stateDir });
    },
    async close() {
      await client.close();
      await server.stop();
      await rm(stateDir, { recursive: true });
    },
  };
}
