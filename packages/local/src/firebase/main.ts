// Runs the Firebase emulators: firebase-tools as it is, in a process group of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger, readEnvironment, runUntilStopped } from "@cliscale/service";
import * as z from "zod";
import { signalGroup } from "../processIdentity.ts";
import { projectId } from "../settings.ts";
import { keepUsers, type UsersKeeper } from "./keepUsers.ts";
import { endLeftover, recordProcess } from "../stack/leftover.ts";

const logger = createLogger("firebase");
const environment = readEnvironment({
  CLISCALE_STATE_DIR: z.string().min(1),
  /** Folder with firebase.json. */
  FIREBASE_PROJECT_DIR: z.string().min(1),
  /** Answers once the emulators serve and the functions are loaded. */
  FIREBASE_READY_URL: z.url(),
});
const stopMilliseconds = 20_000;

const pidFile = join(environment.CLISCALE_STATE_DIR, "firebase/pid.json");
await endLeftover(pidFile);

const users = join(environment.CLISCALE_STATE_DIR, "firebase/users");
const cli = createRequire(import.meta.url).resolve("firebase-tools/lib/bin/firebase.js");
const emulators = spawn(
  process.execPath,
  [
    ["./lazyValidators.ts", "./keysQueue.ts"].map((file) => `--import=${import.meta.resolve(file)}`),
    [cli],
    ["emulators:start", "--project", projectId, "--only", "auth,functions,hosting"],
    existsSync(users) ? ["--import", users] : [],
  ].flat(),
  { cwd: environment.FIREBASE_PROJECT_DIR, stdio: ["ignore", "inherit", "inherit"], detached: true },
);
const ended = once(emulators, "exit");
await recordProcess(pidFile, emulators.pid!);

let stopping = false;
let usersKeeper: UsersKeeper | undefined;
runUntilStopped(logger, stop, stopMilliseconds + 5_000);
void ended.then(() => {
  if (stopping) return;
  logger.error("the Firebase emulators ended on their own");
  signalGroup(emulators.pid!, "SIGKILL");
  process.exit(1);
});
await untilReady();
process.send?.({ ready: true });
usersKeeper = await keepUsers(environment.FIREBASE_PROJECT_DIR, users, logger);

async function stop(): Promise<void> {
  stopping = true;
  await usersKeeper?.keep();
  emulators.kill("SIGTERM");
  await Promise.race([ended, delay(stopMilliseconds, undefined, { ref: false })]);
  // The functions run in processes of their own, which the emulator may leave behind.
  signalGroup(emulators.pid!, "SIGKILL");
  await endLeftover(pidFile);
}

async function untilReady(): Promise<void> {
  for (;;) {
    const answer = await fetch(environment.FIREBASE_READY_URL).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(250);
  }
}
