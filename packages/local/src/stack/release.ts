import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type KubernetesObject, KubernetesObjectApi, KubeConfig, PatchStrategy } from "@kubernetes/client-node";
import { urls } from "../firebase/project.ts";
import type { StackSettings } from "../settings.ts";
import { databaseUrlFor } from "./databaseUsers.ts";
import { chart, fingerprint, localValues, releaseValues } from "./releaseValues.ts";

/** Name of the release, and of its namespace. */
export const release = "cliscale";
const waitSeconds = 60;
/** Of gateways that a release of an earlier start brings back. */
const readyMilliseconds = 60_000;

/**
 * Installs the chart into the stack's cluster with real helm, unless it is there already as it is now; resolves when gateways
 * serve.
 * @throws Error with what helm says, such as the log of a migration that failed.
 */
export async function ensureRelease(
  settings: StackSettings,
  { helm, databaseId, say }: { helm: string; databaseId: string; say: (text: string) => void },
): Promise<void> {
  const values = await releaseValues(settings);
  const wanted = await fingerprint(values, databaseId);
  const kubeconfig = join(settings.stateDir, "kubeconfig");
  const run = (...args: string[]) => runHelm(helm, [...args, "--namespace", release, "--kubeconfig", kubeconfig]);

  const found = await findRelease(run);
  if (found?.status === "deployed" && found.description === wanted) return untilReady(settings);
  // A helm that was killed on its way leaves a release that the next one would take for another at work.
  if (found?.status.startsWith("pending")) await run("uninstall", release, "--no-hooks", "--wait");

  say("installing the chart with helm");
  await applySecrets(kubeconfig, urls.postgres(settings));
  const valuesFile = join(settings.stateDir, "kubernetes/values.json");
  await writeFile(valuesFile, JSON.stringify(values, null, 2));
  const from = ["--values", localValues, "--values", valuesFile];
  await run(
    "upgrade",
    release,
    chart,
    "--install",
    ...from,
    "--description",
    wanted,
    "--wait",
    `--timeout=${waitSeconds}s`,
  );
  await untilReady(settings);
}

interface ReleaseInfo {
  /** https://helm.sh/docs/helm/helm_status/ */
  status: string;
  description: string;
}

async function findRelease(run: (...args: string[]) => Promise<string>): Promise<ReleaseInfo | undefined> {
  try {
    return (JSON.parse(await run("status", release, "--output", "json")) as { info: ReleaseInfo }).info;
  } catch (error) {
    if (/release: not found/.test((error as Error).message)) return undefined;
    throw error;
  }
}

async function runHelm(helm: string, args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(helm, args)).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`helm ${args[0]} failed: ${stderr?.trim() || message}`, { cause: error });
  }
}

/**
 * Makes what people make by hand in a deployment: the release's namespace, and the Secrets by which its parts reach the database
 * of this administrator, given by URL.
 */
export async function applySecrets(kubeconfig: string, administrator: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = KubernetesObjectApi.makeApiClient(config);
  for (const object of [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: release } },
    // The first migration makes roles, so it is the administrator's.
    databaseSecret("cliscale-migration-database", administrator),
    databaseSecret("cliscale-gateway-database", databaseUrlFor("gateway", administrator)),
  ]) {
    await cluster.patch(object, undefined, undefined, "npm-start", true, PatchStrategy.ServerSideApply);
  }
}

function databaseSecret(name: string, url: string): KubernetesObject & { stringData: { url: string } } {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: release }, stringData: { url } };
}

/** Waits until a gateway is ready at the port that leads to one. */
async function untilReady({ ports, stateDir }: StackSettings): Promise<void> {
  const end = Date.now() + readyMilliseconds;
  while (!(await answersReady(`http://127.0.0.1:${ports.gatewayAdmin}/readyz`))) {
    if (Date.now() > end) {
      const kubeconfig = join(stateDir, "kubeconfig");
      throw new Error(`no gateway is ready; why: kubectl --kubeconfig ${kubeconfig} -n ${release} describe pods`);
    }
    await delay(100);
  }
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
