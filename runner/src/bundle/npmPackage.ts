import { rm } from "node:fs/promises";
import { stepNotice } from "../notice.ts";
import { BundleError } from "./bundleError.ts";
import { installPackage } from "./npmInstall.ts";
import { packageProgram } from "./packageProgram.ts";
import type { Bundle, Placement } from "./placeBundle.ts";

// Names as the registry has them (https://docs.npmjs.com/cli/configuring-npm/package-json#name; old ones have capitals).
const namePattern = /^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/;
// https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
const versionPattern =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
/** The registry's own limit. */
const nameCharacters = 214;

export interface PackageSpec {
  name: string;
  version: string;
}

/**
 * NAME@VERSION with an exact version. Everything else that npm would take (tags, ranges, aliases, folders, URLs) is
 * refused: the same source must install the same package every time, and from the registry.
 */
export function parsePackageSpec(reference: string): PackageSpec {
  const at = reference.lastIndexOf("@");
  const name = reference.slice(0, at);
  const version = reference.slice(at + 1);
  if (at < 1 || name.length > nameCharacters || !namePattern.test(name) || !versionPattern.test(version)) {
    throw new BundleError(
      "An npm bundle is written npm:NAME@VERSION with an exact version, for example npm:cowsay@1.6.0.",
    );
  }
  return { name, version };
}

/** `npm:NAME@VERSION`: installs the package and what it depends on into the work folder. */
export async function placeNpmPackage(reference: string, placement: Placement): Promise<Bundle> {
  const { folders, terminal } = placement;
  const { name, version } = parsePackageSpec(reference);
  terminal.print(stepNotice(`installing ${name}@${version} from npm`));
  await installPackage(`${name}@${version}`, placement);
  // The cache is of no use to the command, and may be as large as the bundle.
  await rm(folders.npm, { recursive: true, force: true });
  return { defaultCommand: () => packageProgram(folders.work, name) };
}
