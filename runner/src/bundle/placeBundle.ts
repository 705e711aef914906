import { type BundleSource, bundleViolations, parseBundleSource } from "@cliscale/protocol";
import type { Settings } from "../env.ts";
import type { Folders } from "../folders.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { BundleError } from "./bundleError.ts";
import type { Network } from "./fetch/network.ts";
import { placeNpmPackage } from "./npm/npmPackage.ts";
import { placeTemplate } from "./template.ts";

/** A bundle that is in place in the work folder. */
export interface Bundle {
  /**
   * The command to run when the user gave none.
   * @throws BundleError when the bundle does not say which.
   */
  defaultCommand: () => Promise<string>;
}

export interface Placement {
  settings: Settings;
  folders: Folders;
  /** Where it is visible what is done. */
  terminal: Pick<Terminal, "print" | "size">;
  /** The system's, unless a test has its own. */
  network?: Network;
  stopping: AbortSignal;
}

/**
 * Puts the session's bundle in place.
 * @throws BundleError saying what is wrong with the source, or why it could not be had.
 */
export async function placeBundle(placement: Placement): Promise<Bundle> {
  const source = allowedSource(placement.settings);
  switch (source.kind) {
    case "npm":
      return await placeNpmPackage(source, placement);
    case "archive":
    case "github": {
      // What downloads and unpacks takes 15 MB of memory, for as long as the session lives.
      const { placeArchive } = await import("./placeArchive.ts");
      const { systemNetwork } = await import("./fetch/network.ts");
      return await placeArchive(source, { network: systemNetwork, ...placement });
    }
    case "template":
      return await placeTemplate(source, placement);
  }
}

/** The functions have checked the same before; a runner trusts nobody with where it fetches code from. */
function allowedSource({ bundleSource, bundleSha256, bundlePolicy }: Settings): BundleSource {
  const bundle = { source: bundleSource, ...(bundleSha256 && { sha256: bundleSha256 }) };
  const [violation] = bundleViolations(bundle, bundlePolicy);
  if (violation) throw new BundleError(`${subjects[violation.field] ?? "The bundle"} ${violation.message}.`);
  return parseBundleSource(bundleSource);
}

const subjects: Record<string, string> = {
  "bundle.source": "The bundle's source",
  "bundle.sha256": "The bundle's SHA-256",
};
