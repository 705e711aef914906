import { join } from "node:path";
import type { NpmSource } from "@cliscale/protocol";
import { stepNotice } from "../../notice.ts";
import type { Bundle, Placement } from "../placeBundle.ts";
import { installPackage } from "./npmInstall.ts";
import { packageProgram, readManifest } from "./packageProgram.ts";

/** `npm:NAME@VERSION`: installs the package and what it depends on into the work folder. */
export async function placeNpmPackage({ name, version }: NpmSource, placement: Placement): Promise<Bundle> {
  const { folders, terminal } = placement;
  terminal.print(stepNotice(`installing ${name}@${version} from npm`));
  await installPackage(`${name}@${version}`, placement);
  const folder = join(folders.work, "node_modules", name);
  return {
    defaultCommand: async () => packageProgram(`The package ${name}`, { ...(await readManifest(folder)), name }),
  };
}
