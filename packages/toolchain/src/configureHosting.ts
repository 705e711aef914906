import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { readPageConfig, writePolicy } from "@cliscale/hosting/headers";
import { root } from "./repository.ts";

/**
 * Makes the built page that of a deployment: puts its `config.json` beside it, and the Content-Security-Policy that follows from
 * that into firebase.json.
 * @throws Error in `firebase deploy` when it has read an older policy and would deploy that, or there is no `config.json`.
 */
export async function configureHosting(): Promise<void> {
  const { file, text, isExample } = await readPageConfig();
  const isChanged = await writePolicy();
  if (isExample) tell("there is no hosting/config.json, without which the page does not work");
  else await writeFile(join(root, "hosting/dist/config.json"), text);
  if (isChanged) tell(`firebase.json now has the Content-Security-Policy of ${relative(root, file)}`);
}

function tell(problem: string) {
  if (isDeployment()) throw new Error(`${problem}. Nothing was deployed; deploy again when that is right.`);
  process.stderr.write(`cliscale: ${problem}\n`);
}

/** What `firebase deploy` tells its hooks: https://firebase.google.com/docs/cli#hooks */
function isDeployment(): boolean {
  return process.env["RESOURCE_DIR"] !== undefined && process.env["GCLOUD_PROJECT"] !== undefined;
}
