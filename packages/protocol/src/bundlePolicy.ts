import * as z from "zod";
import { isHost, isPackageName } from "./bundleSource.ts";

/** Which bundles the operator allows; the functions check it first, and the runner again. */
export interface BundlePolicy {
  /** Hosts that archives and GitHub trees may come from, as `host[:port]`. */
  hosts: ReadonlyMap<string, BundleHost>;
  /** Hosts whose archives need no SHA-256, and whose branches and tags are allowed. */
  unpinnedHosts: ReadonlySet<string>;
  /** Whether npm's dist-tags are allowed beside exact versions. */
  npmTags: boolean;
}

export interface BundleHost {
  /** Whether its name may resolve to a private address: for tests. */
  private: boolean;
}

const privatePrefix = "private=";

/** The hosts that GitHub serves archives, releases and files from. */
export const defaultBundleHosts = [
  "github.com",
  "codeload.github.com",
  "raw.githubusercontent.com",
  "objects.githubusercontent.com",
  "release-assets.githubusercontent.com",
].join(",");

/** The settings' texts as they are read in functions and runner alike, under the names of the settings. */
export const bundleSettings = {
  CLISCALE_BUNDLE_HOSTS: list(
    (entry) => isHost(hostOf(entry)),
    "is no host[:port], by name, in lower case and without its port if that is 443",
  )
    .transform(
      (entries): ReadonlyMap<string, BundleHost> =>
        new Map(entries.map((entry) => [hostOf(entry), { private: entry.startsWith(privatePrefix) }])),
    )
    .prefault(defaultBundleHosts),
  CLISCALE_UNPINNED_HOSTS: list(isHost, "is no host[:port], by name, in lower case and without its port if that is 443")
    .transform((entries): ReadonlySet<string> => new Set(entries))
    .prefault(""),
  CLISCALE_NPM_TAGS: z
    .enum(["on", "off"], "must be on or off")
    .transform((text) => text === "on")
    .prefault("off"),
  CLISCALE_NPM_SCRIPTS: list(isPackageName, "is no name of an npm package")
    .transform((entries): ReadonlySet<string> => new Set(entries))
    .prefault(""),
};
export type BundleSettingTexts = Partial<Record<keyof typeof bundleSettings, string>>;

const bundleSettingsSchema = z.object(bundleSettings);

/** Reads a policy from the settings' texts. @throws ZodError naming every setting that is wrong. */
export function parseBundlePolicy(texts: BundleSettingTexts): BundlePolicy {
  const settings = bundleSettingsSchema.parse(texts);
  return {
    hosts: settings.CLISCALE_BUNDLE_HOSTS,
    unpinnedHosts: settings.CLISCALE_UNPINNED_HOSTS,
    npmTags: settings.CLISCALE_NPM_TAGS,
  };
}

function hostOf(entry: string): string {
  return entry.startsWith(privatePrefix) ? entry.slice(privatePrefix.length) : entry;
}

/** A comma-separated list; spaces around its entries do not count. */
function list(isValid: (entry: string) => boolean, problem: string) {
  return z.string().transform((text, context) => {
    const entries = text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "");
    // By its place: what stands in a setting by mistake may be a secret.
    for (const [index, entry] of entries.entries()) {
      if (!isValid(entry)) context.addIssue({ code: "custom", message: `entry ${index + 1} ${problem}`, input: text });
    }
    return entries;
  });
}
