import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildFunctions } from "@cliscale/toolchain/buildFunctions";
import { buildHosting } from "@cliscale/toolchain/buildHosting";
import { requireHelm } from "@cliscale/toolchain/kubernetesTools";
import { allowedOrigins, prepareProject, urls } from "./firebase/project.ts";
import { root, type StackSettings } from "./settings.ts";
import { ensureDatabaseUsers } from "./stack/databaseUsers.ts";
import { ensureDemoUser } from "./stack/demoUser.ts";
import { writeNpmrc } from "./stack/npmrc.ts";
import type { ReadyMessage } from "./stack/part.ts";
import { requireFreePorts } from "./stack/ports.ts";
import { ensureRelease } from "./stack/release.ts";
import { type Supervisor, superviseParts } from "./stack/supervisor.ts";

export interface Stack {
  demoPassword: string;
  /** The web terminal. */
  url: string;
  /** Rejects when a part cannot be kept running. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Starts the whole of cliscale on this machine: PostgreSQL, the stand-ins for Cloud KMS, Cloud Scheduler and Kubernetes, the
 * chart with the gateway, and the Firebase emulators with the functions and the page. Resolves when a session can be created.
 * @throws PortTakenError or HelmMissingError before anything is started; Error when a part does not come up, after stopping the others.
 */
export async function startStack(settings: StackSettings, say: (text: string) => void): Promise<Stack> {
  await requireFreePorts(settings);
  const helm = await requireHelm();
  await mkdir(settings.stateDir, { recursive: true });
  const supervisor = superviseParts(say);
  try {
    say("starting PostgreSQL, Cloud KMS, Kubernetes and the Firebase emulators");
    const dataPlane = Promise.all([
      startDatabase(supervisor, settings),
      startKubernetes(supervisor, settings, say),
    ]).then(([databaseId]) => ensureRelease(settings, { helm, databaseId, say }));
    await Promise.all([
      startKms(supervisor, settings),
      dataPlane,
      buildProject(settings).then((folder) => startFirebase(supervisor, settings, folder)),
    ]);
    await startScheduler(supervisor, settings);
    const demoPassword = await ensureDemoUser(urls.auth(settings), join(settings.stateDir, "demo-password"));
    return { demoPassword, url: urls.hosting(settings), failed: supervisor.failed, stop: supervisor.stop };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** Builds what `firebase deploy` would upload, if that is not there yet, and lays it out for the emulators; resolves to its folder. */
async function buildProject(settings: StackSettings): Promise<string> {
  if (!settings.isBuilt) await Promise.all([buildFunctions(), buildHosting()]);
  return prepareProject(settings);
}

/** Resolves to what tells its data from all others. */
async function startDatabase(supervisor: Supervisor, settings: StackSettings): Promise<string> {
  await supervisor.start(
    part(settings, "postgres", "packages/local/src/postgres/main.ts", {
      CLISCALE_POSTGRES_PORT: String(settings.ports.postgres),
    }),
  );
  return ensureDatabaseUsers(urls.postgres(settings));
}

function startKms(supervisor: Supervisor, settings: StackSettings): Promise<ReadyMessage> {
  return supervisor.start(
    part(settings, "kms", "packages/local/src/kms/main.ts", { CLISCALE_KMS_PORT: String(settings.ports.kms) }),
  );
}

async function startKubernetes(
  supervisor: Supervisor,
  settings: StackSettings,
  say: (text: string) => void,
): Promise<void> {
  await writeNpmrc(join(settings.stateDir, "npmrc"));
  const { sandboxed } = await supervisor.start(
    part(settings, "kubernetes", "packages/local/src/kubernetes/main.ts", {
      CLISCALE_KUBERNETES_PORT: String(settings.ports.kubernetes),
      CLISCALE_POD_RANGE: settings.podRange,
      CLISCALE_KUBERNETES_CONTENTS: "bare",
      CLISCALE_GATEWAY_PORT: String(settings.ports.gateway),
      CLISCALE_GATEWAY_ADMIN_PORT: String(settings.ports.gatewayAdmin),
    }),
  );
  if (!sandboxed) {
    say("sessions are NOT sandboxed: what runs in them can read your files (install bubblewrap, which gives bwrap)");
  }
}

function startFirebase(supervisor: Supervisor, settings: StackSettings, projectFolder: string): Promise<ReadyMessage> {
  return supervisor.start({
    ...part(settings, "firebase", "packages/local/src/firebase/main.ts", {
      FIREBASE_PROJECT_DIR: projectFolder,
      FIREBASE_READY_URL: `${urls.hosting(settings)}/.well-known/jwks.json`,
      NODE_OPTIONS: preloading("firebase/lazyModules.ts", "firebase/originFilter.ts", "firebase/keepCompiled.ts"),
      CLISCALE_ALLOWED_ORIGINS: allowedOrigins(settings),
      // firebase-tools keeps settings of its own there.
      XDG_CONFIG_HOME: join(settings.stateDir, "firebase/config"),
      // Google's libraries would otherwise look for a metadata server at every start.
      METADATA_SERVER_DETECTION: "none",
      // firebase-tools asks npm for its newest release, and waits ten seconds where that is not to be had.
      npm_config_offline: "true",
      CI: "true",
      // Otherwise it asks the functions what they are on a port that it opens on all addresses.
      FIREBASE_FUNCTIONS_DISCOVERY_OUTPUT_PATH: join(settings.stateDir, "firebase"),
      // In seconds. After ten, which a busy machine may need, it would go on without any functions.
      FUNCTIONS_DISCOVERY_TIMEOUT: "90",
    }),
    readyMilliseconds: 120_000,
    stopMilliseconds: 30_000,
  });
}

function startScheduler(supervisor: Supervisor, settings: StackSettings): Promise<ReadyMessage> {
  return supervisor.start(
    part(settings, "scheduler", "packages/local/src/scheduler/main.ts", {
      CLISCALE_SCHEDULER_PORT: String(settings.ports.scheduler),
      CLISCALE_FUNCTIONS_PORT: String(settings.ports.functions),
    }),
  );
}

function preloading(...files: string[]): string {
  return files.map((file) => `--import=${pathToFileURL(join(import.meta.dirname, file)).href}`).join(" ");
}

/** Nothing of npm's environment, nor of the user's own, steers a part: it gets what is named here. */
function part(settings: StackSettings, name: string, program: string, env: Record<string, string>) {
  const inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "LOG_LEVEL"];
  return {
    name,
    program: join(root, program),
    env: {
      ...Object.fromEntries(inherited.flatMap((key) => (process.env[key] ? [[key, process.env[key]] as const] : []))),
      CLISCALE_STATE_DIR: settings.stateDir,
      // Compiled code is kept, by all stacks of this checkout, which shortens every start but the first.
      NODE_COMPILE_CACHE: join(root, ".cliscale/compile-cache"),
      ...env,
    },
    logFolder: join(settings.stateDir, "logs"),
    readyMilliseconds: 60_000,
    stopMilliseconds: 15_000,
  };
}
