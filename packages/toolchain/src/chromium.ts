import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "./repository.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Path of a Chromium for the browser tests. Root gets Debian's installed where there is none.
 * @throws Error saying what to install.
 */
export async function ensureChromium(): Promise<string> {
  const found = process.env["CLISCALE_CHROMIUM"] ?? (await findOnPath());
  if (found) return found;
  if (process.getuid?.() === 0) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-qq", "--yes", "--no-install-recommends", "chromium"], { env });
    const installed = await findOnPath();
    if (installed) return installed;
  }
  throw new Error(
    "the browser tests need Chromium: install it (on Debian `apt-get install chromium`) or set CLISCALE_CHROMIUM to its path",
  );
}

async function findOnPath(): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      const exists = await access(path).then(
        () => true,
        () => false,
      );
      if (exists) return path;
    }
  }
  return undefined;
}
