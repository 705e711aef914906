import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseConfiguration } from "../src/configuration.ts";
import { contentSecurityPolicy } from "./contentSecurityPolicy.ts";

/** A header as firebase.json has it. */
export interface Header {
  key: string;
  value: string;
}

const root = join(import.meta.dirname, "../..");
const policyKey = "Content-Security-Policy";

/** firebase.json, whose headers Hosting sends; of its policy, what belongs there for a configuration and what is there. */
interface Policies {
  text: string;
  current: string;
  wanted: string;
}

/**
 * The headers of every page of Hosting, as firebase.json has them, with a configuration's policy.
 * @throws Error when firebase.json has none.
 */
export function pageHeaders(firebaseJson: string, policy: string): Header[] {
  const headers = headersOf(firebaseJson);
  policyOf(headers);
  return headers.map(({ key, value }) => ({ key, value: key === policyKey ? policy : value }));
}

/** The deployment's `config.json`: the file that CLISCALE_PAGE_CONFIG names, or `hosting/config.json`; the example without one. */
export async function readPageConfig(): Promise<{ file: string; text: string; isExample: boolean }> {
  const named = process.env["CLISCALE_PAGE_CONFIG"];
  const own = named ?? join(root, "hosting/config.json");
  const text = await readFile(own, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (named !== undefined || error.code !== "ENOENT") throw error;
    return undefined;
  });
  if (text !== undefined) return { file: own, text, isExample: false };
  const example = join(root, "hosting/config.example.json");
  return { file: example, text: await readFile(example, "utf8"), isExample: true };
}

/** Whether firebase.json has the policy of the deployment's configuration. */
export async function isPolicyCurrent(): Promise<boolean> {
  const { current, wanted } = await readPolicies();
  return current === wanted;
}

/** Puts the policy of the deployment's configuration into firebase.json. Returns whether that changed it. */
export async function writePolicy(): Promise<boolean> {
  const { text, current, wanted } = await readPolicies();
  if (current === wanted) return false;
  await writeFile(
    join(root, "firebase.json"),
    text.replace(JSON.stringify(current), () => JSON.stringify(wanted)),
  );
  return true;
}

async function readPolicies(): Promise<Policies> {
  const [text, config] = await Promise.all([readFile(join(root, "firebase.json"), "utf8"), readPageConfig()]);
  const wanted = contentSecurityPolicy(parseConfiguration(config.text));
  return { text, current: policyOf(headersOf(text)), wanted };
}

function headersOf(firebaseJson: string): Header[] {
  const { hosting } = JSON.parse(firebaseJson) as { hosting: { headers: { source: string; headers: Header[] }[] } };
  return hosting.headers.find(({ source }) => source === "**")?.headers ?? [];
}

function policyOf(headers: Header[]): string {
  const policy = headers.find(({ key }) => key === policyKey)?.value;
  if (policy === undefined) throw new Error(`firebase.json has no ${policyKey} for the source "**"`);
  return policy;
}
