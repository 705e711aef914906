import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { findFreePort } from "@cliscale/local/ports";
import { type Listener, listeners, projectId, region, root } from "@cliscale/local/settings";

/** A whole cliscale of this test file's own, started by `npm start` on ports and a state folder of its own. */
export interface TestStack {
  ports: Record<Listener, number>;
  stateDir: string;
  env: NodeJS.ProcessEnv;
  process: ChildProcess;
  /** What it printed on standard output and on standard error. */
  output: string[];
  progress: string[];
  url: string;
  functionsUrl: string;
  authUrl: string;
  gatewayUrl: string;
  databaseUrl: string;
  demo: { email: string; password: string };
  /** Sends the signal and waits for the end; resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Stops it and removes its state. */
  remove(): Promise<void>;
}

/** `npm start`. */
export function spawnNpmStart(env: NodeJS.ProcessEnv) {
  return spawnNpm(["start"], env);
}

/** Runs `npm run admin` on a stack, as its operator does. */
export function runAdmin(stack: TestStack, ...args: string[]) {
  return runScript(stack, "admin", args);
}

/** Runs `npm run doctor` on a stack. */
export function runDoctor(stack: TestStack, ...args: string[]) {
  return runScript(stack, "doctor", args);
}

async function runScript({ env }: TestStack, name: string, args: string[]) {
  const child = spawnNpm(["run", "--silent", name, "--", ...args], env);
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { output, errors, code: code as number | null };
}

/** npm as it runs the tests where one does: the one first on PATH may then be a dependency of ours. */
function spawnNpm(args: string[], env: NodeJS.ProcessEnv) {
  const npm = process.env["npm_execpath"];
  const program = npm ? process.execPath : "npm";
  return spawn(program, npm ? [npm, ...args] : args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
}

const startMilliseconds = 180_000;
/** Pod addresses of the tests' stacks, so that they do not meet those of a stack that a person runs beside them. */
const podRange = "127.70.0.0/16";

export interface TestStackOptions {
  /** Of an earlier start, to go on with; a new one if not given. */
  stateDir?: string;
  /** Free ones if not given. */
  ports?: Record<Listener, number>;
  env?: NodeJS.ProcessEnv;
}

export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  await mkdir(join(root, ".cliscale"), { recursive: true });
  const stateDir = options.stateDir ?? (await mkdtemp(join(root, ".cliscale/test-")));
  // As `npm start` makes it: PostgreSQL runs as another user where the tests run as root.
  await chmod(stateDir, 0o755);
  const names = Object.keys(listeners) as Listener[];
  const ports = options.ports ?? (await findFreePorts(names));
  const env = {
    ...process.env,
    ...Object.fromEntries(names.map((name) => [listeners[name].variable, String(ports[name])])),
    CLISCALE_STATE_DIR: stateDir,
    CLISCALE_POD_RANGE: podRange,
    // One user of a test does more than a person should; the limits have scenarios of their own.
    CLISCALE_SESSIONS_PER_USER: "1000",
    CLISCALE_CREATES_PER_MINUTE: "100000",
    // A test runs inside another test runner's process, whose context npm's children must not take for theirs.
    NODE_TEST_CONTEXT: undefined,
    ...options.env,
  };
  const child = spawnNpmStart(env);
  const output: string[] = [];
  const progress: string[] = [];
  createInterface(child.stderr).on("line", (line) => progress.push(line));
  const ready = Promise.withResolvers<void>();
  createInterface(child.stdout).on("line", (line) => {
    output.push(line);
    if (line.startsWith("ready ")) ready.resolve();
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const timer = setTimeout(() => ready.reject(new Error("not ready in time")), startMilliseconds);
  void ended.then((code) => ready.reject(new Error(`npm start ended with exit code ${code}`)));
  try {
    await ready.promise;
  } catch (error) {
    child.kill("SIGTERM");
    await ended;
    throw new Error(`the stack did not start:\n${progress.join("\n")}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }

  const demoLine = output.find((line) => line.startsWith("demo user "))?.split(" ") ?? [];
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return {
    ports,
    stateDir,
    env,
    process: child,
    output,
    progress,
    url: `http://127.0.0.1:${ports.hosting}`,
    functionsUrl: `http://127.0.0.1:${ports.functions}/${projectId}/${region}`,
    authUrl: `http://127.0.0.1:${ports.auth}`,
    gatewayUrl: `ws://127.0.0.1:${ports.gateway}`,
    databaseUrl: `postgres://cliscale:cliscale@127.0.0.1:${ports.postgres}/cliscale`,
    demo: { email: demoLine[2] ?? "", password: demoLine[3] ?? "" },
    stop,
    async remove() {
      await stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function findFreePorts(names: Listener[]): Promise<Record<Listener, number>> {
  const ports = {} as Record<Listener, number>;
  for (const name of names) ports[name] = await findFreePort();
  return ports;
}
