import { startTestDatabase } from "@cliscale/local/testing";
import { deleteApp, initializeApp } from "firebase-admin/app";
import { type CallableServer, serveCallables } from "./callableServer.ts";
import { type Certified, selfCertified } from "./certificate.ts";
import { type Google, startGoogle } from "./google.ts";

export const project = "id-token-test";
/** The origin whose pages may call. */
export const origin = "https://terminal.test";
export const kid = "key-1";

/**
 * The callables as they are deployed, over HTTP, behind firebase-admin's own check of ID tokens and before a real database;
 * Google's two services are played on a port of the test's. Kubernetes and Cloud KMS are out of reach.
 */
export interface Door {
  server: CallableServer;
  google: Google;
  /** Signs ID tokens, under `kid`. */
  key: Certified;
  databaseUrl: string;
  stop(): Promise<void>;
}

/** One a process: firebase-functions reads its settings from the environment while it loads. */
export async function startDoor(more: Record<string, string> = {}): Promise<Door> {
  const [google, database, key] = await Promise.all([startGoogle(project), startTestDatabase(), selfCertified()]);
  google.certificates[kid] = key.certificate;
  // firebase-functions uses the default app where there is one.
  const app = initializeApp({
    projectId: project,
    httpAgent: google.agent,
    credential: { getAccessToken: async () => ({ access_token: "test", expires_in: 3600 }) },
  });
  Object.assign(process.env, settings(database.url), more);
  const server = await serveCallables(await import("../../src/index.ts"));
  return {
    server,
    google,
    key,
    databaseUrl: database.url,
    async stop() {
      const { loadDeps } = await import("../../src/deps.ts");
      await Promise.allSettled([server.stop(), loadDeps().then(({ pool }) => pool.end()), deleteApp(app)]);
      await Promise.all([google.stop(), database.remove()]);
    },
  };
}

function settings(databaseUrl: string): Record<string, string> {
  return {
    FIREBASE_CONFIG: JSON.stringify({ projectId: project }),
    GCLOUD_PROJECT: project,
    // Google's clients look for a metadata server otherwise.
    METADATA_SERVER_DETECTION: "none",
    CLISCALE_DATABASE_URL: databaseUrl,
    // A database of a test has a hundred connections.
    CLISCALE_GATEWAYS_MAX: "1",
    CLISCALE_SIGNING_KEY: `projects/${project}/locations/us-central1/keyRings/cliscale/cryptoKeys/attach`,
    CLISCALE_KMS_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_SCHEDULER_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_KUBERNETES_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_RUNNER_IMAGE: "runner",
    CLISCALE_GATEWAY_URL: "ws://127.0.0.1:1",
    CLISCALE_TOKEN_ISSUER: "https://issuer.test",
    CLISCALE_ALLOWED_ORIGINS: origin,
    CLISCALE_ALLOWED_USERS: "*",
  };
}
