import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { type BundlePolicy, bundleSettings } from "@cliscale/protocol";
import { EnvironmentError, readEnvironment } from "@cliscale/service";
import * as z from "zod";

const environment = {
  RUNNER_SESSION_ID: z.string().min(1),
  /** The pod's own address; the terminal is served there and nowhere else. */
  RUNNER_ADDRESS: z.string().refine((address) => isIP(address) !== 0, "must be an IP address"),
  RUNNER_BUNDLE_SOURCE: z.string().min(1),
  RUNNER_BUNDLE_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits")
    .optional(),
  /** Folder with the files of the session's Secret. */
  RUNNER_SECRET_DIR: z.string().min(1),
  /** A writable, empty folder for the bundle, the command's home and what the install needs. */
  RUNNER_WORK_DIR: z.string().min(1),
  /** The file that Kubernetes reads the container's termination message from. */
  RUNNER_TERMINATION_LOG: z.string().min(1),
  ...bundleSettings,
  /** `0` where the pods' runtime is no sandbox; the terminal then says so. */
  CLISCALE_POD_SANDBOXED: z.enum(["0", "1"]).default("1"),
  PATH: z.string().min(1).default("/usr/local/bin:/usr/bin:/bin"),
  LANG: z.string().min(1).default("C.UTF-8"),
};

const podSecretSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be 43 base64url characters");
const userEnvironmentSchema = z.record(z.string(), z.string());

export interface Settings {
  sessionId: string;
  address: string;
  bundleSource: string;
  bundleSha256?: string;
  bundlePolicy: BundlePolicy;
  /** Certificates of authorities that archives' hosts may have theirs from, beside the usual ones; PEM. */
  bundleCa?: string;
  /** npm packages whose install scripts may run. */
  npmScripts: ReadonlySet<string>;
  workFolder: string;
  terminationLog: string;
  sandboxed: boolean;
  path: string;
  lang: string;
  /** Names the terminal's path and proves the pod; never sent. */
  podSecret: string;
  /** The user's command; absent when the bundle's own is meant. */
  command?: string;
  /** The user's variables, for the command alone. */
  userEnvironment: Readonly<Record<string, string>>;
  /** npm's own configuration, for npm alone. */
  npmEnvironment: Readonly<Record<string, string>>;
}

/**
 * Reads the container's environment and the session's Secret.
 * @throws EnvironmentError naming what is missing or wrong, never its value.
 */
export async function readSettings(env: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const variables = readEnvironment(environment, env);
  const secret = (name: string) => readSecretFile(join(variables.RUNNER_SECRET_DIR, name));
  const command = await secret("command");
  const bundleCa = await secret("bundle-ca.pem");
  return {
    sessionId: variables.RUNNER_SESSION_ID,
    address: variables.RUNNER_ADDRESS,
    bundleSource: variables.RUNNER_BUNDLE_SOURCE,
    ...(variables.RUNNER_BUNDLE_SHA256 && { bundleSha256: variables.RUNNER_BUNDLE_SHA256 }),
    bundlePolicy: {
      hosts: variables.CLISCALE_BUNDLE_HOSTS,
      unpinnedHosts: variables.CLISCALE_UNPINNED_HOSTS,
      npmTags: variables.CLISCALE_NPM_TAGS,
    },
    ...(bundleCa && { bundleCa }),
    npmScripts: variables.CLISCALE_NPM_SCRIPTS,
    workFolder: variables.RUNNER_WORK_DIR,
    terminationLog: variables.RUNNER_TERMINATION_LOG,
    sandboxed: variables.CLISCALE_POD_SANDBOXED !== "0",
    path: variables.PATH,
    lang: variables.LANG,
    podSecret: parseSecret("pod-secret", podSecretSchema, await secret("pod-secret")),
    ...(command && { command }),
    userEnvironment: parseSecret("env.json", userEnvironmentSchema, parseJson((await secret("env.json")) ?? "{}")),
    npmEnvironment: npmVariables(env),
  };
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parseSecret<Value>(name: string, schema: z.ZodType<Value>, content: unknown): Value {
  const result = schema.safeParse(content);
  if (!result.success) {
    throw new EnvironmentError(
      `the file ${name} of RUNNER_SECRET_DIR is missing or wrong: ${result.error.issues[0]?.message}`,
    );
  }
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it with the file's name; a SyntaxError would quote the content.
    return undefined;
  }
}

// npm reads its settings from variables of either case: https://docs.npmjs.com/cli/using-npm/config#environment-variables
function npmVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => /^npm_config_/i.test(entry[0]) && !!entry[1]),
  );
}
