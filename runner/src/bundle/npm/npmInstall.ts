import { rm } from "node:fs/promises";
import { stepNotice } from "../../notice.ts";
import type { Placement } from "../placeBundle.ts";
import { packagesWithScripts } from "./installScripts.ts";
import { runNpm } from "./runNpm.ts";

const options = [
  // A package's install scripts are code that nobody has chosen to run; those that somebody has are run afterwards.
  "--ignore-scripts",
  "--omit=dev",
  "--save-exact",
  // What a package depends on comes from the registry as well: npm must not be led to other hosts, by URL or by git.
  "--allow-git=none",
  "--allow-remote=none",
];

/** Installs one package of the registry, and what it depends on. @throws BundleError with npm's own reason. */
export async function installPackage(spec: string, placement: Placement): Promise<void> {
  await install(`install ${spec}`, ["--allow-file=none", "--allow-directory=none", spec], placement);
}

/**
 * Installs what the package in the work folder depends on, which may lie beside it in the bundle.
 * @throws BundleError with npm's own reason.
 */
export async function installDependencies(placement: Placement): Promise<void> {
  // A lock file, too, says where packages are.
  const places = ["--allow-file=root", "--allow-directory=root", "--replace-registry-host=always"];
  await install("install what the bundle depends on", places, placement);
}

async function install(task: string, args: string[], placement: Placement): Promise<void> {
  const { folders, settings, terminal } = placement;
  await runNpm(task, ["install", ...options, ...args], placement);
  const scripted = await packagesWithScripts(folders.work, settings.npmScripts);
  if (scripted.length > 0) {
    terminal.print(stepNotice(`running the install scripts of ${scripted.map(({ name }) => name).join(", ")}`));
    const paths = scripted.map(({ folder }) => folder);
    const visibly = ["--ignore-scripts=false", "--foreground-scripts"];
    await runNpm("run the install scripts", ["rebuild", ...visibly, ...paths], placement);
  }
  // The cache is of no use to the command, and may be as large as the bundle.
  await rm(folders.npm, { recursive: true, force: true });
}
