// `npm test` and `npm run test:full`: installs what the tests need of the system, checks and builds the code, runs every test, and ends
// with the line `N passed, N failed`. The argument names the size at which tests run: small or full.
import { glob } from "node:fs/promises";
import { join, relative } from "node:path";
import { run as runTests } from "node:test";
import { spec } from "node:test/reporters";
import { ensureDebianPackages } from "./debianPackages.ts";
import { ensureHelm, ensureKubectl } from "./kubernetesTools.ts";
import { root, run } from "./repository.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: string[];
  /** Seconds by file. */
  seconds: Map<string, number>;
}

/** The test files, in the order in which they run, and how many at once: most wait for deadlines, a scenario has a whole stack. */
const groups = [
  { pattern: "{functions,gateway,runner,hosting,k8s-chart,packages/*}/{test,contract}/**/*.test.ts", concurrency: 3 },
  { pattern: "packages/e2e/scenarios/**/*.test.ts", concurrency: 2 },
];
const fileMilliseconds = (process.argv[2] === "full" ? 20 : 8) * 60_000;
const slowestShown = 20;
/** A test that failed may leave something open, and would otherwise be waited for until its file's time is up. */
const execArgv = ["--test-force-exit"];

process.env["CLISCALE_TEST_SIZE"] = process.argv[2] ?? "small";
// Every test file is a process, which would otherwise compile what the one before it has.
process.env["NODE_COMPILE_CACHE"] ??= join(root, ".cliscale/compile-cache");
const { "chromium-headless-shell": chromium } = await ensureDebianPackages();
if (chromium) process.env["CLISCALE_CHROMIUM"] ??= chromium;
const kubectl = await ensureKubectl();
if (kubectl) process.env["CLISCALE_KUBECTL"] ??= kubectl;
const helm = await ensureHelm();
if (helm) process.env["CLISCALE_HELM"] ??= helm;

const tally: Tally = { passed: 0, failed: 0, skipped: [], seconds: new Map() };
await runProgram("check.ts", tally);
// Once, for all tests that start a stack or look at the page.
await runProgram("build.ts", tally);
process.env["CLISCALE_BUILT"] = "true";
for (const { pattern, concurrency } of groups) {
  const files = (await Array.fromAsync(glob(pattern, { cwd: root, exclude: ["**/node_modules/**"] }))).sort();
  await runFiles(files, concurrency, tally);
}

const slowest = [...tally.seconds].sort(([, one], [, other]) => other - one).slice(0, slowestShown);
for (const [file, seconds] of slowest) process.stdout.write(`${seconds.toFixed(0).padStart(4)} s ${file}\n`);
for (const name of tally.skipped) process.stdout.write(`SKIPPED ${name}\n`);
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);

/** Counts as a test. */
async function runProgram(name: string, into: Tally): Promise<void> {
  const code = await run(process.execPath, [`packages/toolchain/src/${name}`]);
  if (code === 0) into.passed += 1;
  else into.failed += 1;
}

async function runFiles(files: string[], concurrency: number, into: Tally): Promise<void> {
  const stream = runTests({ files, cwd: root, concurrency, timeout: fileMilliseconds, execArgv });
  stream.on("test:pass", ({ name, skip, details }) => {
    if (details.type === "suite") return;
    if (skip !== undefined) into.skipped.push(`${name}: ${String(skip)}`);
    else into.passed += 1;
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") into.failed += 1;
  });
  stream.on("test:summary", ({ file, duration_ms: milliseconds }) => {
    if (file !== undefined) into.seconds.set(relative(root, file), milliseconds / 1000);
  });
  for await (const text of stream.compose(spec)) process.stdout.write(String(text));
}
