import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "@cliscale/local/settings";

const run = promisify(execFile);

/** The Debian release that has ttyd; the script by which `debootstrap` installs it where it does not know the release. */
const release = "forky";
const script = "/usr/share/debootstrap/scripts/sid";

/**
 * A file system with ttyd and tmux, installed once by `debootstrap` from the mirror that apt is configured for: a few minutes,
 * 250 MB. Undefined, with the reason on standard error, where that cannot be done: it needs root, debootstrap and bwrap.
 */
export async function ttydRoot(): Promise<string | undefined> {
  const folder = join(root, ".cliscale/bench", release);
  if (existsSync(join(folder, "usr/bin/ttyd"))) return folder;
  const unfinished = `${folder}.unfinished`;
  try {
    if (process.getuid?.() !== 0) throw new Error("it needs root");
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    process.stderr.write(`installing ttyd of Debian ${release} into ${folder}\n`);
    const options = ["--variant=minbase", "--include=ttyd,tmux"];
    await run("debootstrap", [...options, release, unfinished, await mirror(), script], { maxBuffer: 2 ** 26 });
    await rename(unfinished, folder);
    return folder;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    process.stderr.write(`no comparison with ttyd, which could not be installed: ${String(error)}\n`);
    return undefined;
  }
}

/** Where apt gets Debian's packages from. */
async function mirror(): Promise<string> {
  const { stdout } = await run("apt-get", [
    "indextargets",
    "--format",
    "$(SITE)",
    "Created-By: Packages",
    "Origin: Debian",
  ]);
  const [site] = stdout.split("\n");
  if (!site) throw new Error("apt knows no mirror of Debian");
  return site;
}
