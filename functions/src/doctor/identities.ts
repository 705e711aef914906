import { readFile } from "node:fs/promises";
import { type AuthClient, GoogleAuth, Impersonated } from "google-auth-library";
import type { Check } from "./check.ts";
import type { DoctorSettings } from "./settings.ts";

/** Each part as whom the doctor checks, where Google is what knows them; at stand-ins files of tokens name them. */
export interface Identities {
  functions?: AuthClient;
  rotation?: AuthClient;
  gateway?: AuthClient;
}
type Part = keyof Identities;

const scopes = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email"];

/** The service accounts of a deployment's parts, whom the operator impersonates. None for a project at stand-ins. */
export async function openIdentities({ isProduction, serviceAccounts }: DoctorSettings): Promise<Identities> {
  if (!isProduction) return {};
  const sourceClient = await new GoogleAuth({ scopes }).getClient();
  const as = (targetPrincipal: string) => new Impersonated({ sourceClient, targetPrincipal, targetScopes: scopes });
  return {
    functions: as(serviceAccounts.functions),
    rotation: as(serviceAccounts.rotation),
    gateway: as(serviceAccounts.gateway),
  };
}

/** Options of a client, for somebody else than whom Google's libraries find; undefined is nobody else. */
export function actingAs<Options extends object>(options: Options, authClient: AuthClient | undefined): Options {
  return { ...options, ...(authClient && { authClient }) };
}

export function identityChecks(settings: DoctorSettings, identities: Identities): Check[] {
  const { signingKey, rotation } = settings.functions;
  const files: Partial<Record<Part, string | undefined>> = {
    functions: signingKey.tokenFile,
    rotation: rotation.tokenFile,
  };
  const check = (part: Part): Check => ({
    name: `identity: ${part}`,
    async run() {
      const client = identities[part];
      if (client) await client.getAccessToken();
      else await readFile(files[part] ?? "");
      return client ? `is ${settings.serviceAccounts[part]}` : "has a token of the stand-in";
    },
    remedy: settings.isProduction
      ? `create the service account ${settings.serviceAccounts[part]}, and grant yourself roles/iam.serviceAccountTokenCreator on it`
      : "start the stack with npm start, which writes the tokens of its parts",
  });
  const parts: Part[] = settings.isProduction ? ["functions", "rotation", "gateway"] : ["functions", "rotation"];
  return parts.map(check);
}
