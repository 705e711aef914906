import type { Settings } from "../env.ts";
import type { Folders } from "../folders.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { BundleError } from "./bundleError.ts";
import { placeNpmPackage } from "./npmPackage.ts";
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
  stopping: AbortSignal;
}

/** Puts one kind of bundle in place; `reference` is the source behind its prefix. */
export type PlaceKind = (reference: string, placement: Placement) => Promise<Bundle>;

const kinds: Record<string, PlaceKind> = {
  "npm:": placeNpmPackage,
  "template:": placeTemplate,
};

/**
 * Puts the session's bundle in place.
 * @throws BundleError saying what is wrong with the source, or why it could not be had.
 */
export async function placeBundle(placement: Placement): Promise<Bundle> {
  const { bundleSource, bundleSha256 } = placement.settings;
  const kind = Object.entries(kinds).find(([prefix]) => bundleSource.startsWith(prefix));
  if (!kind) {
    throw new BundleError("This kind of bundle is not supported; supported are npm:NAME@VERSION and template:shell.");
  }
  if (bundleSha256) {
    throw new BundleError("A SHA-256 is checked for https archives only; leave it out for npm packages and templates.");
  }
  const [prefix, place] = kind;
  return await place(bundleSource.slice(prefix.length), placement);
}
