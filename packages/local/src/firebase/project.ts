import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseConfiguration } from "@cliscale/hosting/configuration";
import { contentSecurityPolicy, type Header, pageHeaders } from "@cliscale/hosting/headers";
import { tokenFileOf } from "../kms/iam/identities.ts";
import { projectId, region, root, signingKey, type StackSettings } from "../settings.ts";
import { databaseUrlFor } from "../stack/databaseUsers.ts";
import { findFreePort } from "../stack/ports.ts";

interface FirebaseJson {
  functions: object[];
  hosting: { headers: { source: string; headers: Header[] }[] };
  emulators: Record<string, unknown>;
}

export const urls = {
  hosting: ({ ports }: StackSettings) => `http://127.0.0.1:${ports.hosting}`,
  functions: ({ ports }: StackSettings) => `http://127.0.0.1:${ports.functions}/${projectId}/${region}`,
  auth: ({ ports }: StackSettings) => `http://127.0.0.1:${ports.auth}`,
  gateway: ({ ports }: StackSettings) => `ws://127.0.0.1:${ports.gateway}`,
  postgres: ({ ports }: StackSettings) => `postgres://cliscale:cliscale@127.0.0.1:${ports.postgres}/cliscale`,
};

/** `iss` of the local stack's attach tokens. */
export const tokenIssuer = "https://cliscale.invalid/demo-cliscale";

/** Origins of the web terminal: the Hosting emulator by address and by name. */
export function allowedOrigins({ ports }: StackSettings): string {
  return [`http://127.0.0.1:${ports.hosting}`, `http://localhost:${ports.hosting}`].join(",");
}

/**
 * Lays out a Firebase project for the emulators: what `firebase deploy` would upload, under the repository's own
 * firebase.json with this stack's ports, and the params that a deployment would have in its .env file. Returns its folder.
 */
export async function prepareProject(settings: StackSettings): Promise<string> {
  const folder = join(settings.stateDir, "firebase/project");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(join(root, "functions/dist"), join(folder, "functions"), { recursive: true });
  await cp(join(root, "hosting/dist"), join(folder, "hosting"), { recursive: true });
  await writeFile(join(folder, "firebase.json"), JSON.stringify(await localFirebaseJson(settings), null, 2));
  await writeFile(join(folder, `functions/.env.${projectId}`), functionsEnv(settings), { mode: 0o600 });
  await writeFile(join(settings.stateDir, "admin.env"), adminEnv(settings), { mode: 0o600 });
  await writeFile(join(settings.stateDir, "doctor.env"), doctorEnv(settings), { mode: 0o600 });
  await writeFile(join(folder, "hosting/config.json"), JSON.stringify(pageConfig(settings), null, 2));
  return folder;
}

async function localFirebaseJson(settings: StackSettings): Promise<FirebaseJson> {
  const text = await readFile(join(root, "firebase.json"), "utf8");
  const config = JSON.parse(text) as FirebaseJson;
  const page = config.hosting.headers.find(({ source }) => source === "**")!;
  page.headers = pageHeaders(text, contentSecurityPolicy(parseConfiguration(JSON.stringify(pageConfig(settings)))));
  const { ports } = settings;
  const host = "127.0.0.1";
  const anyPort = async () => ({ host, port: await findFreePort() });
  return {
    functions: [{ source: "functions", codebase: "default", runtime: "nodejs24" }],
    hosting: { ...config.hosting, public: "hosting" } as FirebaseJson["hosting"],
    emulators: {
      ...config.emulators,
      auth: { host, port: ports.auth },
      functions: { host, port: ports.functions },
      hosting: { host, port: ports.hosting },
      // The emulators start these by themselves; of ours, only the keeper of the users asks the hub.
      hub: await anyPort(),
      logging: await anyPort(),
      eventarc: await anyPort(),
      tasks: await anyPort(),
    },
  };
}

function functionsEnv(settings: StackSettings): string {
  const { ports, stateDir } = settings;
  const params = {
    CLISCALE_DATABASE_URL: databaseUrlFor("functions", urls.postgres(settings)),
    CLISCALE_SIGNING_KEY: signingKey,
    CLISCALE_KMS_ENDPOINT: `http://127.0.0.1:${ports.kms}`,
    CLISCALE_KMS_TOKEN_FILE: tokenFileOf("functions", stateDir),
    CLISCALE_KMS_ROTATION_TOKEN_FILE: tokenFileOf("rotation", stateDir),
    CLISCALE_SCHEDULER_ENDPOINT: `http://127.0.0.1:${ports.scheduler}`,
    CLISCALE_KUBERNETES_ENDPOINT: `https://127.0.0.1:${ports.kubernetes}`,
    CLISCALE_KUBERNETES_CA_FILE: join(stateDir, "ca.crt"),
    CLISCALE_KUBERNETES_TOKEN_FILE: join(stateDir, "kubernetes/functions.token"),
    CLISCALE_RUNNER_IMAGE: "cliscale-runner:local",
    CLISCALE_RUNNER_RUNTIME_CLASS: "",
    CLISCALE_GATEWAY_URL: urls.gateway(settings),
    CLISCALE_TOKEN_ISSUER: tokenIssuer,
    CLISCALE_ALLOWED_ORIGINS: allowedOrigins(settings),
    CLISCALE_ALLOWED_USERS: "*",
    CLISCALE_GATEWAYS_MAX: "1",
    ...settings.product,
  };
  return toEnvFile(params);
}

/** What Google's libraries need to know to speak to this stack. */
function googleEnv({ ports }: StackSettings) {
  return {
    GCLOUD_PROJECT: projectId,
    FIREBASE_AUTH_EMULATOR_HOST: `127.0.0.1:${ports.auth}`,
    METADATA_SERVER_DETECTION: "none",
  };
}

/** What `npm run doctor` needs to look at this stack. */
function doctorEnv(settings: StackSettings): string {
  const gateway = { CLISCALE_GATEWAY_DATABASE_URL: databaseUrlFor("gateway", urls.postgres(settings)) };
  return functionsEnv(settings) + toEnvFile({ ...googleEnv(settings), ...gateway });
}

/** What `npm run admin` needs to act on this stack. */
function adminEnv(settings: StackSettings): string {
  const admin = {
    ...googleEnv(settings),
    // The operator's own, who may change versions of the key too.
    CLISCALE_KMS_ROTATION_TOKEN_FILE: tokenFileOf("operator", settings.stateDir),
  };
  return functionsEnv(settings) + toEnvFile(admin);
}

function toEnvFile(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join("");
}

function pageConfig(settings: StackSettings): object {
  return {
    firebase: { apiKey: "demo", authDomain: `${projectId}.firebaseapp.com`, projectId },
    functionsUrl: urls.functions(settings),
    authEmulatorUrl: urls.auth(settings),
    gatewayUrl: urls.gateway(settings),
    signIn: ["google", "emailLink", "password"],
  };
}
