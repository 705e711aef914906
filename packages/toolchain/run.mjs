// Runs a program of this repository under the Node.js that package-lock.json pins, after installing what the lock says.
// It is plain JavaScript without dependencies, because it is what runs first on a fresh clone, under any Node.js from 20 on.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
const lock = JSON.parse(lockText);

const node = await findNode();
process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH}`;
await install(node);
// Over the channel a program learns that this one is gone, even when it was killed.
process.exitCode = await run(node, process.argv.slice(2), { stdio: ["inherit", "inherit", "inherit", "ipc"] });

/** The pinned Node.js from npm; on platforms it is not packaged for, the running one if it is new enough. */
async function findNode() {
  const running = process.execPath;
  if (process.versions.node.startsWith("24.")) return running;
  const name = `node-${process.platform}-${process.arch}`;
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry) {
    fail(
      `Node.js 24 is needed and npm has none for ${process.platform} ${process.arch}: install it, then run this again.`,
    );
  }
  const folder = join(root, ".cliscale/toolchain", entry.version);
  const binary = join(folder, "node_modules", name, "bin/node");
  if (existsSync(binary)) return binary;

  say(`fetching Node.js ${entry.version} from npm`);
  const manifest = { name: "toolchain", private: true, dependencies: { [name]: entry.version } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(
    join(folder, "package-lock.json"),
    JSON.stringify({
      name: "toolchain",
      lockfileVersion: 3,
      requires: true,
      packages: { "": manifest, [`node_modules/${name}`]: { ...entry, optional: false } },
    }),
  );
  await npm(running, ["ci"], folder);
  return binary;
}

/** `npm ci` under the pinned Node.js, skipped when this lock file has been installed before. */
async function install(nodeBinary) {
  const installed = join(root, "node_modules/.cliscale-installed");
  const wanted = createHash("sha256").update(lockText).digest("hex");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted) return;
  say("installing the packages of package-lock.json (about a minute)");
  await npm(nodeBinary, ["ci", "--no-audit", "--no-fund"], root);
  writeFileSync(installed, wanted);
}

async function npm(nodeBinary, args, cwd) {
  const cli = process.env.npm_execpath;
  if (!cli) fail("run this through npm, for example `npm start`");
  // npm's own settings of the outer run (its prefix, this script's name) must not steer the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|command)/.test(name)),
  );
  const code = await run(nodeBinary, [cli, ...args], { cwd, env, stdio: ["ignore", 2, 2] });
  if (code !== 0) {
    fail(
      `npm ${args[0]} failed. Is the npm registry reachable from here (\`npm ping\`)? Nothing was started; run this again to retry.`,
    );
  }
}

/** Runs a program to its end, passing on the signals that mean "stop"; resolves to its exit code. */
function run(program, args, options) {
  const child = spawn(program, args, options);
  const forward = (signal) => child.kill(signal);
  process.on("SIGINT", forward).on("SIGTERM", forward);
  // An npm that was killed outright passes no signal on.
  const npmPid = process.ppid;
  const timer = setInterval(() => process.ppid !== npmPid && child.kill("SIGTERM"), 1000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearInterval(timer);
      process.off("SIGINT", forward).off("SIGTERM", forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function say(text) {
  process.stderr.write(`cliscale: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
