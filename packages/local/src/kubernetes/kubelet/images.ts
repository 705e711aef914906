import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeOptions as gatewayNodeOptions } from "@cliscale/gateway/node-options";

/** What stands in for a container image: a program of this machine. */
export interface Image {
  /** What runs when a container names no `command` of its own. */
  entrypoint: string[];
  /** Arguments of the entrypoint when a container names none. */
  defaultArguments?: string[];
  environment: Record<string, string>;
  /** Files and folders that the program reads, beside those of the system and of Node. */
  readable: string[];
}

/** Images by repository, that is, by reference without tag and digest. */
export type Images = Readonly<Record<string, Image>>;

const repositoryRoot = fileURLToPath(new URL("../../../../../", import.meta.url));

/** What every program finds: the node that runs this, and the system's own programs. */
export const baseEnvironment: Readonly<Record<string, string>> = {
  PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  LANG: "C.UTF-8",
};

const program = (path: string, nodeOptions: readonly string[] = []) => [
  process.execPath,
  ...nodeOptions,
  join(repositoryRoot, path),
];

/** What of the repository an image holds, with the node that runs it. */
const repositoryFiles = (...names: string[]) => [
  ...names.map((name) => join(repositoryRoot, name)),
  dirname(dirname(process.execPath)),
];

/** The images that the product uses. */
export function productImages(stateDirectory: string): Images {
  const npmConfiguration = join(stateDirectory, "npmrc");
  return {
    "cliscale-runner": {
      entrypoint: program("runner/src/main.ts"),
      // The registry that npm is configured for on this machine, as a start of the product wrote it down.
      environment: { ...baseEnvironment, NPM_CONFIG_GLOBALCONFIG: npmConfiguration },
      readable: [...repositoryFiles("package.json", "node_modules", "packages", "runner"), npmConfiguration],
    },
    "cliscale-gateway": {
      // The gateway, or with `migrate` as its first argument the migration, as in the real image.
      entrypoint: program("gateway/src/image.ts", gatewayNodeOptions),
      environment: { ...baseEnvironment },
      readable: repositoryFiles("package.json", "node_modules", "packages", "gateway"),
    },
  };
}

/** The image of a reference such as `cliscale-runner:1.2.3` or `cliscale-runner@sha256:…`. */
export function findImage(images: Images, reference: string): Image | undefined {
  const repository = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return Object.hasOwn(images, repository) ? images[repository] : undefined;
}
