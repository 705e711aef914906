import { join } from "node:path";
import { type SettingName, settingFields } from "@cliscale/functions/settings";
import { EnvironmentError, port, readEnvironment } from "@cliscale/service";
import * as z from "zod";

/** The project of the local stack; names that start with `demo-` can never reach a real one. */
export const projectId = "demo-cliscale";
export const region = "us-central1";
export const signingKey = `projects/${projectId}/locations/${region}/keyRings/cliscale/cryptoKeys/attach`;
export const demoEmail = "demo@example.com";

export const root = join(import.meta.dirname, "../../..");

/** Everything of the stack that listens: what it is, which variable moves it, and where it listens otherwise. */
export const listeners = {
  hosting: { what: "the web terminal", variable: "CLISCALE_HOSTING_PORT", port: 5000 },
  functions: { what: "the callables", variable: "CLISCALE_FUNCTIONS_PORT", port: 5001 },
  auth: { what: "the Auth emulator", variable: "CLISCALE_AUTH_PORT", port: 9099 },
  gateway: { what: "the gateway", variable: "CLISCALE_GATEWAY_PORT", port: 8080 },
  gatewayAdmin: { what: "the gateway's metrics", variable: "CLISCALE_GATEWAY_ADMIN_PORT", port: 9464 },
  postgres: { what: "PostgreSQL", variable: "CLISCALE_POSTGRES_PORT", port: 5433 },
  kms: { what: "the Cloud KMS stand-in", variable: "CLISCALE_KMS_PORT", port: 9010 },
  scheduler: { what: "the Cloud Scheduler stand-in", variable: "CLISCALE_SCHEDULER_PORT", port: 9011 },
  kubernetes: { what: "the Kubernetes stand-in", variable: "CLISCALE_KUBERNETES_PORT", port: 8001 },
} as const;
export type Listener = keyof typeof listeners;

export interface StackSettings {
  ports: Record<Listener, number>;
  /** Absolute path; inside the checkout, because the functions' packages are found from there. */
  stateDir: string;
  podRange: string;
  /** `npm test` has built functions and page already, once for all the stacks that it starts. */
  isBuilt: boolean;
  /** Settings of the product that are passed on as they are, where they are given. */
  product: Record<string, string>;
}

const productSettings = [
  "CLISCALE_LIFETIME_DEFAULT_SECONDS",
  "CLISCALE_LIFETIME_MAX_SECONDS",
  "CLISCALE_IDLE_DEFAULT_SECONDS",
  "CLISCALE_SESSIONS_PER_USER",
  "CLISCALE_SESSIONS_TOTAL",
  "CLISCALE_QUEUE_TOTAL",
  "CLISCALE_CREATES_PER_MINUTE",
  "CLISCALE_ALLOWED_USERS",
  "CLISCALE_APP_CHECK",
  "CLISCALE_IDLE_OUTPUT_MAX_SECONDS",
  "CLISCALE_RETENTION_DAYS",
  "CLISCALE_TEMPLATES",
  "CLISCALE_BUNDLE_HOSTS",
  "CLISCALE_BUNDLE_CA_FILE",
  "CLISCALE_UNPINNED_HOSTS",
  "CLISCALE_NPM_TAGS",
  "CLISCALE_NPM_SCRIPTS",
] as const satisfies SettingName[];

/** Reads the stack's settings from the environment; @throws EnvironmentError naming all that are wrong. */
export function readStackSettings(env: NodeJS.ProcessEnv = process.env): StackSettings {
  const names = Object.keys(listeners) as Listener[];
  const values = readEnvironment(
    {
      ...Object.fromEntries(
        names.map((name) => [listeners[name].variable, port.default(listeners[name].port)] as const),
      ),
      CLISCALE_STATE_DIR: z.string().default(join(root, ".cliscale")),
      CLISCALE_POD_RANGE: z.string().default("127.64.0.0/16"),
      ...Object.fromEntries(productSettings.map((name) => [name, settingFields[name]] as const)),
    },
    env,
  ) as Record<string, string | number>;
  const stateDir = String(values["CLISCALE_STATE_DIR"]);
  if (!stateDir.startsWith(`${root}/`)) {
    throw new EnvironmentError(`CLISCALE_STATE_DIR: must be an absolute path below ${root}`);
  }
  return {
    ports: Object.fromEntries(names.map((name) => [name, Number(values[listeners[name].variable])])) as Record<
      Listener,
      number
    >,
    stateDir,
    podRange: String(values["CLISCALE_POD_RANGE"]),
    isBuilt: env["CLISCALE_BUILT"] === "true",
    product: Object.fromEntries(productSettings.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))),
  };
}
