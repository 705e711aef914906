import { createHash } from "node:crypto";
import { chown, cp, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Whom the server runs as, and from where. */
export interface ServerHome {
  /** Set when we are root: PostgreSQL refuses to run as root. */
  account?: { uid: number; gid: number };
  binaries: string;
  data: string;
}

/**
 * Picks an account and folders that it can reach. An ordinary user runs the server itself, from `folder`. Root hands it to
 * the machine's `postgres` or `nobody`; where a parent folder is closed to that account, as /root is, programs and data live
 * under /var/tmp instead.
 */
export async function prepareHome(folder: string, binaries: string): Promise<ServerHome> {
  if (process.getuid?.() !== 0) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { binaries, data: join(folder, "data") };
  }
  const account = await serverAccount();
  const reachable = (await isReachable(dirname(folder))) && (await isReachable(binaries));
  const home = reachable ? folder : closedParentHome(folder);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chown(home, account.uid, account.gid);
  if (reachable) return { account, binaries, data: join(home, "data") };

  const copy = join(home, "native");
  await cp(binaries, copy, { recursive: true, force: false, verbatimSymlinks: true });
  return { account, binaries: copy, data: join(home, "data") };
}

function closedParentHome(folder: string): string {
  return `/var/tmp/cliscale-postgres-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
}

async function serverAccount(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const entry = lines.find(([name]) => name === "postgres") ?? lines.find(([name]) => name === "nobody");
  if (!entry) {
    throw new Error(
      "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: run as an ordinary user",
    );
  }
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether every folder down to this one lets others pass. */
async function isReachable(folder: string): Promise<boolean> {
  const othersMayPass = 0o001;
  const { mode } = await stat(folder);
  if ((mode & othersMayPass) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || isReachable(parent);
}
