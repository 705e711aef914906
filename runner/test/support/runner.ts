import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type BundleSettingTexts, bundleSettings, parseBundlePolicy } from "@cliscale/protocol";
import type { Settings } from "../../src/env.ts";

export interface RunnerOptions {
  source?: string;
  sha256?: string;
  /** Settings of the operator. */
  policy?: BundleSettingTexts;
  bundleCa?: string;
  command?: string;
  /** The user's variables. */
  env?: Record<string, string>;
  /** The program, where it is not the one in this checkout's sources. */
  main?: string;
  /** More of the container's variables. */
  variables?: Record<string, string>;
}

/** A runner as a process of its own, on a loopback address of its own. */
export interface Runner {
  address: string;
  podSecret: string;
  pid: number;
  terminationLog: string;
  /** Its log so far. */
  log: () => string;
  exited: Promise<{ code: number | null; signal: string | null }>;
  terminationMessage: () => Promise<unknown>;
  kill: (signal: NodeJS.Signals) => void;
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
let addresses = 0;

/** A loopback address that no other test uses, so that the terminal's fixed port is free there. */
function nextAddress(): string {
  return `127.65.${1 + (process.pid % 250)}.${++addresses}`;
}

/** The folders and files that the Job manifest and the Secret give a pod. */
async function createPodFiles(t: TestContext, options: RunnerOptions) {
  const root = await mkdtemp(join(tmpdir(), "cliscale-runner-"));
  t.after(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));
  const files = {
    secret: join(root, "secret"),
    work: join(root, "work"),
    terminationLog: join(root, "termination-log"),
  };
  const podSecret = randomBytes(32).toString("base64url");
  await mkdir(files.secret);
  await mkdir(files.work);
  await writeFile(join(files.secret, "pod-secret"), podSecret);
  if (options.command !== undefined) await writeFile(join(files.secret, "command"), options.command);
  if (options.env) await writeFile(join(files.secret, "env.json"), JSON.stringify(options.env));
  return { ...files, podSecret };
}

/** Starts the real program and waits until it serves its terminal. */
export async function startRunner(t: TestContext, options: RunnerOptions = {}): Promise<Runner> {
  const files = await createPodFiles(t, options);
  const address = nextAddress();
  const child = spawn(process.execPath, [options.main ?? main], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      RUNNER_SESSION_ID: "00000000-0000-4000-8000-000000000000",
      RUNNER_ADDRESS: address,
      RUNNER_BUNDLE_SOURCE: options.source ?? "template:shell",
      RUNNER_SECRET_DIR: files.secret,
      RUNNER_WORK_DIR: files.work,
      RUNNER_TERMINATION_LOG: files.terminationLog,
      ...options.variables,
    },
  });
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  await logged(child, "terminal served", () => log);
  return {
    address,
    podSecret: files.podSecret,
    pid: child.pid ?? 0,
    terminationLog: files.terminationLog,
    log: () => log,
    exited,
    terminationMessage: async () => JSON.parse(await readFile(files.terminationLog, "utf8")),
    kill: (signal) => child.kill(signal),
  };
}

async function logged(child: ChildProcess, message: string, log: () => string): Promise<void> {
  if (!child.stderr) throw new Error("the runner has no standard error");
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes(message)) return;
  }
  throw new Error(`the runner ended without "${message}":\n${log()}`);
}

/** The settings that the runner would read, for a session inside the test's own process. */
export async function createSettings(t: TestContext, options: RunnerOptions = {}): Promise<Settings> {
  const files = await createPodFiles(t, options);
  return {
    sessionId: "00000000-0000-4000-8000-000000000000",
    address: nextAddress(),
    bundleSource: options.source ?? "template:shell",
    bundlePolicy: parseBundlePolicy(options.policy ?? {}),
    npmScripts: bundleSettings.CLISCALE_NPM_SCRIPTS.parse(options.policy?.CLISCALE_NPM_SCRIPTS),
    ...(options.sha256 && { bundleSha256: options.sha256 }),
    ...(options.bundleCa && { bundleCa: options.bundleCa }),
    workFolder: files.work,
    terminationLog: files.terminationLog,
    sandboxed: true,
    path: process.env["PATH"] ?? "",
    lang: "C.UTF-8",
    podSecret: files.podSecret,
    ...(options.command !== undefined && { command: options.command }),
    userEnvironment: options.env ?? {},
    npmEnvironment: options.variables ?? {},
  };
}
