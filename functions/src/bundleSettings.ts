import { readFileSync } from "node:fs";
import {
  bundleSettings,
  bundleViolations,
  defaultBundleHosts,
  parseBundlePolicy,
  type Template,
  templatesSchema,
} from "@cliscale/protocol";
import { EnvironmentError } from "@cliscale/service/environment";
import * as z from "zod";
import presets from "../templates.json" with { type: "json" };

/** What the operator allows of bundles, checked. */
export interface BundleSettings {
  /** The texts of the settings as they are passed on to pods. */
  bundleHosts: string;
  unpinnedHosts: string;
  npmTags: boolean;
  npmScripts: string;
  /** Certificates of authorities that the hosts of archives may have theirs from, beside the usual ones; PEM or empty. */
  bundleCa: string;
  templates: Template[];
}

const presetTemplates = templatesSchema.parse(presets);

/** The settings of bundles, among those of `settingFields`; files are read when they are. */
export const bundleSettingFields = {
  CLISCALE_BUNDLE_HOSTS: checkedBy(bundleSettings.CLISCALE_BUNDLE_HOSTS)
    .prefault(defaultBundleHosts)
    .describe("Hosts that archives and GitHub trees may come from, as host or host:port, comma-separated"),
  CLISCALE_UNPINNED_HOSTS: checkedBy(bundleSettings.CLISCALE_UNPINNED_HOSTS)
    .prefault("")
    .describe("Hosts whose archives need no SHA-256, and whose branches and tags are allowed, comma-separated"),
  CLISCALE_NPM_TAGS: bundleSettings.CLISCALE_NPM_TAGS.describe("on: npm's dist-tags beside exact versions"),
  CLISCALE_NPM_SCRIPTS: checkedBy(bundleSettings.CLISCALE_NPM_SCRIPTS)
    .prefault("")
    .describe("npm packages whose install scripts may run, comma-separated; empty: those that the templates need"),
  CLISCALE_TEMPLATES: z
    .string()
    .transform((file, context) => (file === "" ? presetTemplates : readTemplates(file, context)))
    .prefault("")
    .describe("JSON file of templates; empty: the presets that ship"),
  CLISCALE_BUNDLE_CA_FILE: z
    .string()
    .transform((file, context) => (file === "" ? "" : readCertificates(file, context)))
    .prefault("")
    .describe("PEM file of authorities that are trusted for the hosts of archives, beside the usual ones"),
};

/**
 * The settings of bundles out of all that have been read.
 * @throws EnvironmentError naming the templates that the other settings forbid, so that nobody could start them.
 */
export function bundleSettingsOf(values: z.infer<z.ZodObject<typeof bundleSettingFields>>): BundleSettings {
  const templates = values.CLISCALE_TEMPLATES;
  const settings = {
    bundleHosts: values.CLISCALE_BUNDLE_HOSTS,
    unpinnedHosts: values.CLISCALE_UNPINNED_HOSTS,
    npmTags: values.CLISCALE_NPM_TAGS,
    npmScripts: values.CLISCALE_NPM_SCRIPTS || scriptsOf(templates),
    bundleCa: values.CLISCALE_BUNDLE_CA_FILE,
    templates,
  };
  requireAllowedTemplates(settings);
  return settings;
}

export const defaultBundleSettings: BundleSettings = {
  bundleHosts: defaultBundleHosts,
  unpinnedHosts: "",
  npmTags: false,
  npmScripts: scriptsOf(presetTemplates),
  bundleCa: "",
  templates: presetTemplates,
};

/** Which bundles the settings allow. */
export function policyOf({ bundleHosts, unpinnedHosts, npmTags }: BundleSettings) {
  return parseBundlePolicy({
    CLISCALE_BUNDLE_HOSTS: bundleHosts,
    CLISCALE_UNPINNED_HOSTS: unpinnedHosts,
    CLISCALE_NPM_TAGS: npmTags ? "on" : "off",
  });
}

/** A text that another schema can read; it is passed on as it is, and read again in the pod. */
function checkedBy(schema: z.ZodType) {
  return z.string().superRefine((text, context) => {
    for (const { message } of schema.safeParse(text).error?.issues ?? []) {
      context.addIssue({ code: "custom", message, input: text });
    }
  });
}

function readTemplates(file: string, context: z.RefinementCtx): Template[] {
  const content = readSettingFile(file, context);
  if (content === undefined) return z.NEVER;
  const templates = templatesSchema.safeParse(parseJson(content));
  for (const { path, message } of templates.error?.issues ?? []) {
    context.addIssue({ code: "custom", message: `${path.join(".") || "the file"} ${message}`, input: file });
  }
  return templates.data ?? z.NEVER;
}

function readCertificates(file: string, context: z.RefinementCtx): string {
  const content = readSettingFile(file, context);
  if (content === undefined) return z.NEVER;
  if (content.includes("-----BEGIN CERTIFICATE-----")) return content;
  context.addIssue({ code: "custom", message: "the file holds no PEM certificate", input: file });
  return z.NEVER;
}

function readSettingFile(file: string, context: z.RefinementCtx): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `the file cannot be read (${(error as NodeJS.ErrnoException).code})`;
    context.addIssue({ code: "custom", message, input: file });
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema says that this is no array.
    return undefined;
  }
}

function requireAllowedTemplates(settings: BundleSettings): void {
  const policy = policyOf(settings);
  const problems = settings.templates.flatMap(({ name, source, sha256 }) =>
    bundleViolations({ source, ...(sha256 && { sha256 }) }, policy).map(
      ({ field, message }) => `  CLISCALE_TEMPLATES: ${name}: ${field} ${message}`,
    ),
  );
  if (problems.length === 0) return;
  throw new EnvironmentError(`these templates are not allowed by the other settings:\n${problems.join("\n")}`);
}

function scriptsOf(templates: Template[]): string {
  return [...new Set(templates.flatMap(({ npmScripts }) => npmScripts))].join(",");
}
