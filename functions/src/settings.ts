import runner from "@cliscale/k8s-chart/runner.json" with { type: "json" };
import type { CloudSqlInstance } from "@cliscale/db";
import { cloudSqlFields, cloudSqlOf } from "@cliscale/service/cloudSql";
import { EnvironmentError, integer, list, readEnvironment } from "@cliscale/service/environment";
import * as z from "zod";
import { accessSettingFields, type Limits, limitsOf } from "./accessSettings.ts";
import { requireConnections } from "./budgets.ts";
import { type AppCheckMode, appCheckModes } from "./http/appCheck.ts";
import type { SignerOptions } from "./tokens/signer.ts";
import { type BundleSettings, bundleSettingFields, bundleSettingsOf } from "./bundleSettings.ts";

/** What PostgreSQL's integers hold. */
const maximumSeconds = 2_147_483_647;
const text = z.string().min(1, "must not be empty");
const urlOf = (protocol: RegExp, example: string) => z.url({ protocol, error: `must be a URL such as ${example}` });
const origins = list
  .refine((entries) => entries.length > 0, "must not be empty")
  .refine(
    (entries) => entries.every((entry) => URL.parse(entry)?.origin === entry),
    "must be origins such as https://example.com, without a path",
  );
const signingKey = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
    "must be projects/…/locations/…/keyRings/…/cryptoKeys/…",
  );

const tokenFile = z.string().prefault("");
const serviceAccount = z
  .string()
  .regex(/^[^@]+@[^@]*$/, "must be an e-mail address, or NAME@ for one of the project's own");

/**
 * Every setting of the functions, each under one name as Firebase param and as environment variable. Those without a default
 * must be given.
 */
export const settingFields = {
  CLISCALE_DATABASE_URL: urlOf(/^postgres(ql)?$/, "postgres://host/database").describe("PostgreSQL connection URL"),
  ...cloudSqlFields,
  CLISCALE_SIGNING_KEY: signingKey.describe("Resource name of the Cloud KMS crypto key that signs attach tokens"),
  CLISCALE_KMS_ENDPOINT: urlOf(/^https?$/, "https://cloudkms.googleapis.com")
    .prefault("https://cloudkms.googleapis.com")
    .describe("Where Cloud KMS is spoken to; http: means gRPC without TLS"),
  CLISCALE_KMS_TOKEN_FILE: tokenFile.describe(
    "File with the token that names the functions at a stand-in of Cloud KMS",
  ),
  CLISCALE_KMS_ROTATION_TOKEN_FILE: tokenFile.describe(
    "File with the token that names rotateSigningKey at a stand-in of Cloud KMS",
  ),
  CLISCALE_FUNCTIONS_SERVICE_ACCOUNT: serviceAccount
    .prefault("functions@")
    .describe("Service account of all functions but rotateSigningKey; NAME@ is one of the project's own"),
  CLISCALE_ROTATION_SERVICE_ACCOUNT: serviceAccount
    .prefault("rotation@")
    .describe("Service account of rotateSigningKey, which alone may change versions of the signing key"),
  CLISCALE_SCHEDULER_ENDPOINT: urlOf(/^https?$/, "https://cloudscheduler.googleapis.com")
    .prefault("https://cloudscheduler.googleapis.com")
    .describe("Where Cloud Scheduler is spoken to; http: means gRPC without TLS"),
  CLISCALE_KUBERNETES_ENDPOINT: urlOf(/^https?$/, "https://gke-….us-central1.gke.goog").describe(
    "URL of the cluster's API; for GKE its DNS endpoint",
  ),
  CLISCALE_KUBERNETES_CA_FILE: z
    .string()
    .prefault("")
    .describe("PEM file of the authority that signed the API's certificate; empty where a public one did"),
  CLISCALE_KUBERNETES_TOKEN_FILE: z
    .string()
    .prefault("")
    .describe("File with the bearer token that names the functions' user; empty for GKE, to which Google names them"),
  CLISCALE_RUNNER_IMAGE: text.describe("Image of the runner, by digest in production"),
  CLISCALE_RUNNER_RUNTIME_CLASS: z
    .string()
    .prefault(runner.runtimeClassName)
    .describe("RuntimeClass of the runner's pods; empty for the cluster's own runtime, which is no sandbox"),
  CLISCALE_GATEWAY_URL: urlOf(/^wss?$/, "wss://gateway.example.com").describe("Public WebSocket URL of the gateway"),
  CLISCALE_TOKEN_ISSUER: text.describe("The iss of attach tokens; the gateway expects the same"),
  CLISCALE_ALLOWED_ORIGINS: origins.describe("Origins of the web terminal, comma-separated"),
  CLISCALE_APP_CHECK: z
    .enum(appCheckModes)
    .prefault("off")
    .describe("Whether calls must come from the project's own apps (Firebase App Check): off, monitor or enforce"),
  CLISCALE_LIFETIME_DEFAULT_SECONDS: integer(60)
    .prefault("3600")
    .describe("Lifetime of a session that asks for none, in seconds"),
  CLISCALE_LIFETIME_MAX_SECONDS: integer(60)
    .prefault("28800")
    .describe("Longest lifetime of a session, in seconds; what asks for more gets this"),
  CLISCALE_IDLE_DEFAULT_SECONDS: integer(0)
    .refine((seconds) => seconds === 0 || seconds >= 10, "must be 0 (never) or at least 10")
    .prefault("1800")
    .describe("After so long without input, output or attach a session ends that asks for nothing else, in seconds"),
  ...accessSettingFields,
  CLISCALE_IDLE_OUTPUT_MAX_SECONDS: integer(0, maximumSeconds)
    .prefault("14400")
    .describe(
      "How long output alone keeps a session from being idle, counted from its last input or attach, in seconds",
    ),
  CLISCALE_RETENTION_DAYS: integer(1, 3650)
    .prefault("90")
    .describe("How long sessions that have ended can still be looked up, in days"),
  CLISCALE_GATEWAYS_MAX: integer(1)
    .prefault("10")
    .describe(
      "Gateways at most: gateway.autoscaling.maxReplicas of the chart, or gateway.replicas without autoscaling",
    ),
  CLISCALE_DATABASE_CONNECTIONS: integer(0)
    .prefault("0")
    .describe("Connections that the database has for functions and gateways; 0: as many as it says itself"),
  CLISCALE_VPC_NETWORK: z
    .string()
    .prefault("")
    .describe("Network of Direct VPC egress, by which functions reach a private database; empty for none"),
  CLISCALE_VPC_SUBNETWORK: z
    .string()
    .prefault("")
    .describe("Subnetwork of Direct VPC egress; empty for the network's own"),
  ...bundleSettingFields,
};
export type SettingName = keyof typeof settingFields;

/** What sessions and their tokens are made by. */
export interface SessionSettings {
  runnerImage: string;
  runtimeClass: string;
  gatewayUrl: string;
  tokenIssuer: string;
  lifetimeDefaultSeconds: number;
  lifetimeMaxSeconds: number;
  idleDefaultSeconds: number;
  limits: Limits;
  /** E-mail addresses, `@domain`s, `claim:NAME`, `*`. */
  allowedUsers: readonly string[];
  idleOutputMaxSeconds: number;
  retentionDays: number;
  bundles: BundleSettings;
}

export interface Settings extends SessionSettings {
  databaseUrl: string;
  /** Where the database is, and who logs in to it, if that is not for its URL to say. */
  cloudSql: CloudSqlInstance | undefined;
  /** The key that signs attach tokens, and who speaks to Cloud KMS: the functions, or `rotateSigningKey`. */
  signingKey: SignerOptions;
  rotation: SignerOptions;
  /** E-mail addresses, or what stands before the @ of one of the project's own. */
  serviceAccounts: { functions: string; rotation: string };
  schedulerEndpoint: string;
  kubernetes: { endpoint: string; caFile: string; tokenFile: string };
  allowedOrigins: readonly string[];
  appCheck: AppCheckMode;
  gatewaysMax: number;
  /** 0: the database is asked. */
  databaseConnections: number;
}

/**
 * Reads the functions' settings, which Firebase passes on as environment variables.
 * @throws EnvironmentError naming all that are missing or wrong.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const values = readEnvironment(settingFields, env);
  if (values.CLISCALE_LIFETIME_DEFAULT_SECONDS > values.CLISCALE_LIFETIME_MAX_SECONDS) {
    throw new EnvironmentError("CLISCALE_LIFETIME_DEFAULT_SECONDS must not be more than CLISCALE_LIFETIME_MAX_SECONDS");
  }
  if (values.CLISCALE_DATABASE_CONNECTIONS > 0) {
    requireConnections(values.CLISCALE_DATABASE_CONNECTIONS, values.CLISCALE_GATEWAYS_MAX);
  }
  return {
    databaseUrl: values.CLISCALE_DATABASE_URL,
    cloudSql: cloudSqlOf(values),
    signingKey: {
      key: values.CLISCALE_SIGNING_KEY,
      endpoint: values.CLISCALE_KMS_ENDPOINT,
      tokenFile: values.CLISCALE_KMS_TOKEN_FILE,
    },
    rotation: {
      key: values.CLISCALE_SIGNING_KEY,
      endpoint: values.CLISCALE_KMS_ENDPOINT,
      tokenFile: values.CLISCALE_KMS_ROTATION_TOKEN_FILE,
    },
    serviceAccounts: {
      functions: values.CLISCALE_FUNCTIONS_SERVICE_ACCOUNT,
      rotation: values.CLISCALE_ROTATION_SERVICE_ACCOUNT,
    },
    schedulerEndpoint: values.CLISCALE_SCHEDULER_ENDPOINT,
    kubernetes: {
      endpoint: values.CLISCALE_KUBERNETES_ENDPOINT,
      caFile: values.CLISCALE_KUBERNETES_CA_FILE,
      tokenFile: values.CLISCALE_KUBERNETES_TOKEN_FILE,
    },
    runnerImage: values.CLISCALE_RUNNER_IMAGE,
    runtimeClass: values.CLISCALE_RUNNER_RUNTIME_CLASS,
    gatewayUrl: values.CLISCALE_GATEWAY_URL,
    tokenIssuer: values.CLISCALE_TOKEN_ISSUER,
    allowedOrigins: values.CLISCALE_ALLOWED_ORIGINS,
    appCheck: values.CLISCALE_APP_CHECK,
    gatewaysMax: values.CLISCALE_GATEWAYS_MAX,
    databaseConnections: values.CLISCALE_DATABASE_CONNECTIONS,
    lifetimeDefaultSeconds: values.CLISCALE_LIFETIME_DEFAULT_SECONDS,
    lifetimeMaxSeconds: values.CLISCALE_LIFETIME_MAX_SECONDS,
    idleDefaultSeconds: values.CLISCALE_IDLE_DEFAULT_SECONDS,
    limits: limitsOf(values),
    allowedUsers: values.CLISCALE_ALLOWED_USERS,
    idleOutputMaxSeconds: values.CLISCALE_IDLE_OUTPUT_MAX_SECONDS,
    retentionDays: values.CLISCALE_RETENTION_DAYS,
    bundles: bundleSettingsOf(values),
  };
}
