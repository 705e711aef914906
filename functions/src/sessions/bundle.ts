import { type Bundle, bundleViolations, type Template, type Violation } from "@cliscale/protocol";
import { type BundleSettings, policyOf } from "../bundleSettings.ts";
import { refuseFields } from "../http/errors.ts";

const templatePrefix = "template:";

/** @throws HttpsError `invalid-argument` naming each field of a bundle that this deployment does not allow. */
export function requireAllowedBundle(settings: BundleSettings, bundle: Bundle): void {
  const violations = violationsOfBundle(settings, bundle);
  if (violations.length > 0) throw refuseFields(violations);
}

function violationsOfBundle(settings: BundleSettings, bundle: Bundle): Violation[] {
  const violations = bundleViolations(bundle, policyOf(settings));
  if (violations.length > 0 || !bundle.source.startsWith(templatePrefix)) return violations;
  if (templateOf(settings, bundle)) return [];
  const names = settings.templates.map(({ name }) => name).join(", ");
  return [{ field: "bundle.source", message: `names no template; there are ${names}` }];
}

/** The bundle that the runner is to fetch: what a template stands for, or else the bundle itself. */
export function resolveBundle(settings: BundleSettings, bundle: Bundle): Bundle {
  const template = templateOf(settings, bundle);
  if (!template) return bundle;
  return { source: template.source, ...(template.sha256 !== undefined && { sha256: template.sha256 }) };
}

/** The user's command, or else the template's; null where the bundle's own program is meant. */
export function commandOf(settings: BundleSettings, bundle: Bundle, command: string | undefined): string | null {
  return command ?? templateOf(settings, bundle)?.command ?? null;
}

/** What the runner must know of the settings, under the same names. */
export function bundleEnvironment(settings: BundleSettings): Record<string, string> {
  return {
    CLISCALE_BUNDLE_HOSTS: settings.bundleHosts,
    CLISCALE_UNPINNED_HOSTS: settings.unpinnedHosts,
    CLISCALE_NPM_TAGS: settings.npmTags ? "on" : "off",
    CLISCALE_NPM_SCRIPTS: settings.npmScripts,
  };
}

function templateOf({ templates }: BundleSettings, { source }: Bundle): Template | undefined {
  return templates.find(({ name }) => source === templatePrefix + name);
}
