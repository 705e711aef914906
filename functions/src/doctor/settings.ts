import { readEnvironment } from "@cliscale/service/environment";
import * as z from "zod";
import { readSettings, type Settings } from "../settings.ts";

/** What the doctor has to know beside the settings of the functions. */
const doctorFields = {
  GCLOUD_PROJECT: z.string({ error: "must be the id of the project" }).min(1, "must be the id of the project"),
  // Where the page is; the first allowed origin if not given.
  CLISCALE_HOSTING_URL: z.string().default(""),
  // The gateway's own, with its password unless it logs in by IAM.
  CLISCALE_GATEWAY_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be the gateway's database URL" }),
  CLISCALE_GATEWAY_SERVICE_ACCOUNT: z.string().default("gateway@"),
  FIREBASE_AUTH_EMULATOR_HOST: z.string().default(""),
};

export interface DoctorSettings {
  functions: Settings;
  project: string;
  hostingUrl: string;
  gatewayDatabaseUrl: string;
  /** E-mail addresses. */
  serviceAccounts: Record<"functions" | "rotation" | "gateway", string>;
  /** Whether users of the project are real ones: ids that start with `demo-` can never be those of a project at Google. */
  isProduction: boolean;
  authEmulatorHost: string;
}

/** @throws EnvironmentError naming all that are missing or wrong. */
export function readDoctorSettings(env: NodeJS.ProcessEnv): DoctorSettings {
  const functions = readSettings(env);
  const values = readEnvironment(doctorFields, env);
  const project = values.GCLOUD_PROJECT;
  const emailOf = (account: string) =>
    account.endsWith("@") ? `${account}${project}.iam.gserviceaccount.com` : account;
  return {
    functions,
    project,
    hostingUrl: values.CLISCALE_HOSTING_URL || functions.allowedOrigins[0]!,
    gatewayDatabaseUrl: values.CLISCALE_GATEWAY_DATABASE_URL,
    serviceAccounts: {
      functions: emailOf(functions.serviceAccounts.functions),
      rotation: emailOf(functions.serviceAccounts.rotation),
      gateway: emailOf(values.CLISCALE_GATEWAY_SERVICE_ACCOUNT),
    },
    isProduction: !project.startsWith("demo-"),
    authEmulatorHost: values.FIREBASE_AUTH_EMULATOR_HOST,
  };
}
