import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

/** What pods may know of this machine's npm configuration: where packages come from, and no credentials. */
const passedOn = /^((@[^:]+:)?registry|cafile|ca|proxy|https-proxy|noproxy|strict-ssl)$/;

/** Writes an npmrc for the pods, so that they install from the registry that npm is configured for here. */
export async function writeNpmrc(file: string): Promise<void> {
  const npm = process.env["npm_execpath"];
  const { stdout } = npm
    ? await promisify(execFile)(process.execPath, [npm, "config", "ls", "--json", "--long"])
    : await promisify(execFile)("npm", ["config", "ls", "--json", "--long"]);
  const config = JSON.parse(stdout) as Record<string, unknown>;
  const lines = Object.entries(config)
    .filter(([key, value]) => passedOn.test(key) && value !== null && value !== "" && !Array.isArray(value))
    .map(([key, value]) => `${key}=${String(value)}\n`);
  await writeFile(file, lines.join(""));
}
