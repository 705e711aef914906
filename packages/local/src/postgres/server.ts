import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { prepareHome, type ServerHome } from "./account.ts";
import { findBinaries } from "./binaries.ts";

export interface PostgresOptions {
  /** Where the cluster lives; made at the first start. */
  folder: string;
  port: number;
  /** False lets the operating system write when it likes: for tests, whose data need not survive a power cut. */
  durable?: boolean;
  /** A folder with a new cluster, made where it is not there, to begin with a copy of: for tests, as the copies call themselves by the same identifier. */
  template?: string;
}

export interface Postgres {
  /** Of the database `cliscale`, as its superuser. */
  url: string;
  /** Where the cluster really lives: for root below a closed folder that is not `options.folder`. */
  home: string;
  /** Resolves when the server process has ended, however it ended, with the last lines of its log. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** User, password and database of the local cluster; it listens on loopback only. */
const name = "cliscale";
const startMilliseconds = 30_000;
const stopMilliseconds = 10_000;

/**
 * Starts a PostgreSQL server on 127.0.0.1, making its cluster first where there is none. A server that an earlier run left
 * behind on the same cluster is stopped first.
 * @throws Error with the server's own last words when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const home = await prepareHome(options.folder, await findBinaries());
  await stopLeftover(home);
  await initialise(home, options.template);
  const server = await launch(home, options);
  return {
    url: `postgres://${name}:${name}@127.0.0.1:${options.port}/${name}`,
    home: dirname(home.data),
    ended: server.ended,
    stop: () => stop(server.child),
  };
}

async function initialise(home: ServerHome, template: string | undefined): Promise<void> {
  if (await isCluster(home.data)) return;
  if (template && (await isCluster(template))) return copyCluster(template, home.data);
  await makeCluster(home);
  if (template) await keepAsTemplate(home, template);
}

function isCluster(data: string): Promise<boolean> {
  return access(join(data, "PG_VERSION")).then(
    () => true,
    () => false,
  );
}

/** With its owner and modes, without which the server does not take it. */
async function copyCluster(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", from, to]);
}

/** Another test may do the same: the first to have a whole one keeps it. */
async function keepAsTemplate(home: ServerHome, template: string): Promise<void> {
  const unfinished = `${template}-${process.pid}`;
  await copyCluster(home.data, unfinished);
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true }));
}

async function makeCluster(home: ServerHome): Promise<void> {
  const passwordFile = join(dirname(home.data), "password");
  await writeFile(passwordFile, name, { mode: 0o600 });
  if (home.account) await chown(passwordFile, home.account.uid, home.account.gid);
  try {
    await promisify(execFile)(
      join(home.binaries, "bin/initdb"),
      [
        `--pgdata=${home.data}`,
        `--username=${name}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-sync",
      ],
      processOptions(home),
    );
    await createDatabase(home);
  } catch (error) {
    // Half a cluster would pass for a whole one at the next start.
    await rm(home.data, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** In single-user mode, because the server does not run yet and needs no port for it. */
async function createDatabase(home: ServerHome): Promise<void> {
  const child = spawn(join(home.binaries, "bin/postgres"), ["--single", "-D", home.data, "postgres"], {
    ...processOptions(home),
    stdio: ["pipe", "ignore", "pipe"],
  });
  child.stdin.end(`create database ${name};\n`);
  const log = collectLog(child);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`PostgreSQL could not create the database ${name}: ${log()}`);
}

interface Launched {
  child: ChildProcess;
  ended: Promise<string>;
}

async function launch(home: ServerHome, { port, durable = true }: PostgresOptions): Promise<Launched> {
  const deadline = Date.now() + startMilliseconds;
  for (;;) {
    const child = spawn(
      join(home.binaries, "bin/postgres"),
      [
        ["-D", home.data, "-p", String(port)],
        ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
        durable ? [] : ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
      ].flat(),
      { ...processOptions(home), stdio: ["ignore", "ignore", "pipe"] },
    );
    const log = collectLog(child);
    const ended = once(child, "exit").then(log, log);
    const isReady = once(child.stderr, "ready").then(() => true);
    if (await Promise.race([isReady, ended.then(() => false)])) return { child, ended };
    // The children of a server that was killed may hold its shared memory for a moment longer.
    if (!log().includes("pre-existing shared memory block") || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start on port ${port}: ${log()}`);
    }
    await delay(200);
  }
}

/** Keeps the last lines of a server's log and emits `ready` on its standard error when it accepts connections. */
function collectLog(child: ChildProcess): () => string {
  const kept = 20;
  let lines: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lines = [...lines, ...text.trimEnd().split("\n")].slice(-kept);
    if (text.includes("database system is ready to accept connections")) child.stderr?.emit("ready");
  });
  return () => lines.join("\n");
}

function processOptions(home: ServerHome) {
  // Messages are compared with English texts above.
  return { ...home.account, cwd: "/", env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" } };
}

/** Ends the server of a run that was killed, found by the lock file that PostgreSQL keeps in its cluster. */
async function stopLeftover(home: ServerHome): Promise<void> {
  const lockFile = await readFile(join(home.data, "postmaster.pid"), "utf8").catch(() => undefined);
  const pid = Number(lockFile?.split("\n")[0]);
  if (!pid || !(await isServerOf(pid, home.data))) return;
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + stopMilliseconds;
  while (await isServerOf(pid, home.data)) {
    if (Date.now() > deadline) process.kill(pid, "SIGKILL");
    await delay(50);
  }
}

async function isServerOf(pid: number, data: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.split("\0").includes(data);
}

/** A fast shutdown: clients are cut, the cluster is left clean. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMilliseconds);
  await exited;
  clearTimeout(timer);
}
