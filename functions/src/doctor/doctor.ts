import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { grpcClientOptions } from "../grpcEndpoint.ts";
import { region } from "../region.ts";
import { authCheck } from "./auth.ts";
import { type Check, type Finding, runChecks } from "./check.ts";
import { gatewayCheck } from "./gateway.ts";
import { hostingChecks } from "./hosting.ts";
import { identityChecks, openIdentities } from "./identities.ts";
import { kmsChecks, openKeyClients } from "./kms.ts";
import { kubernetesChecks } from "./kubernetes.ts";
import { openDatabaseLogins, postgresChecks } from "./postgres.ts";
import { productionCheck } from "./production.ts";
import { schedulerChecks } from "./scheduler.ts";
import { type DoctorSettings, readDoctorSettings } from "./settings.ts";

export interface DoctorOptions {
  /** Also to repair what it can. */
  repair?: boolean;
  /** Told of each finding as it comes. */
  onFinding?: (finding: Finding) => void;
}

/** Checks every dependency of the deployment that these settings describe, each as the part that needs it. Never rejects for what is ill. */
export async function examine(env: NodeJS.ProcessEnv, options: DoctorOptions = {}): Promise<Finding[]> {
  let settings: DoctorSettings | undefined;
  const readable: Check = {
    name: "settings",
    run() {
      settings = readDoctorSettings(env);
      return Promise.resolve("are complete");
    },
    remedy: "docs/deploying.md has them all; npm run doctor takes them from the environment",
  };
  const first = await runChecks([readable], options);
  return settings ? [...first, ...(await examineParts(settings, options))] : first;
}

async function examineParts(settings: DoctorSettings, options: DoctorOptions): Promise<Finding[]> {
  const identities = await openIdentities(settings);
  const logins = openDatabaseLogins(settings, identities);
  const keys = openKeyClients(settings, identities);
  // The operator's own identity: it is the operator who repairs what is scheduled.
  const scheduler = new CloudSchedulerClient(grpcClientOptions({ endpoint: settings.functions.schedulerEndpoint }));
  try {
    const parts = [
      ...identityChecks(settings, identities),
      ...postgresChecks(settings, logins),
      ...kmsChecks(settings, identities, keys),
      ...kubernetesChecks(settings, identities),
      ...schedulerChecks(scheduler, settings.project, region),
      authCheck(settings, identities),
    ];
    const outside = hostingChecks(
      settings,
      identities,
      parts.map(({ name }) => name),
    );
    return await runChecks([productionCheck(settings), ...parts, ...outside, gatewayCheck(settings)], options);
  } finally {
    await Promise.all([logins.functions.end(), logins.gateway.end()]);
    await Promise.all([keys.functions.close(), keys.rotation.close(), scheduler.close()]);
  }
}
