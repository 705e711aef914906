import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "./repository.ts";

/** Programs that the tests take from the system. */
const wanted = {
  // Debian's Chromium without its own windows, whose drawing takes half of the processor that a test takes with the whole of it.
  "chromium-headless-shell": { programs: ["chromium-headless-shell"], use: "the browser tests" },
  bubblewrap: { programs: ["bwrap"], use: "the tests of sandboxed pods" },
  iproute2: { programs: ["ip"], use: "the tests of peers that vanish" },
  less: { programs: ["less"], use: "the tests of terminals with programs that people use" },
  nano: { programs: ["nano"], use: "the tests of terminals with programs that people use" },
  procps: { programs: ["top"], use: "the tests of terminals with programs that people use" },
  vim: { programs: ["vim"], use: "the tests of terminals with programs that people use" },
};
type PackageName = keyof typeof wanted;

/**
 * Paths of the system's programs that the tests use. Root gets Debian's packages installed where one is missing; anybody
 * else is told what to install, and the tests that need it say that they are skipped.
 */
export async function ensureDebianPackages(): Promise<Record<PackageName, string | undefined>> {
  const names = Object.keys(wanted) as PackageName[];
  let found = await findAll(names);
  const missing = names.filter((name) => !found[name]);
  if (missing.length > 0 && process.getuid?.() === 0) {
    await install(missing);
    found = await findAll(names);
  }
  for (const name of names) {
    if (!found[name]) process.stderr.write(`cliscale: ${wanted[name].use} need \`apt-get install ${name}\`\n`);
  }
  return found;
}

async function install(names: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", ["install", "-qq", "--yes", "--no-install-recommends", ...names], { env });
}

async function findAll(names: PackageName[]): Promise<Record<PackageName, string | undefined>> {
  const paths = await Promise.all(names.map(async (name) => [name, await findOnPath(wanted[name].programs)] as const));
  return Object.fromEntries(paths) as Record<PackageName, string | undefined>;
}

async function findOnPath(programs: string[]): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const program of programs) {
      const path = join(folder, program);
      const exists = await access(path).then(
        () => true,
        () => false,
      );
      if (exists) return path;
    }
  }
  return undefined;
}
