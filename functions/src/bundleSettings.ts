import { readFile } from "node:fs/promises";
import {
  type BundleSettingTexts,
  bundleSettings,
  bundleViolations,
  defaultBundleHosts,
  parseBundlePolicy,
  type Template,
  templatesSchema,
} from "@cliscale/protocol";
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

/** The settings' texts by their names; for one that is absent its default holds. */
export type BundleSettingsInput = BundleSettingTexts & {
  CLISCALE_TEMPLATES?: string;
  CLISCALE_BUNDLE_CA_FILE?: string;
};

/** Something is wrong with the settings; `problems` names each of them. */
export class BundleSettingsError extends Error {
  override name = "BundleSettingsError";
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

const presetTemplates = templatesSchema.parse(presets);

export const defaultBundleSettings: BundleSettings = {
  bundleHosts: defaultBundleHosts,
  unpinnedHosts: "",
  npmTags: false,
  npmScripts: scriptsOf(presetTemplates),
  bundleCa: "",
  templates: presetTemplates,
};

/** Reads the settings, and the files that they name. @throws BundleSettingsError naming everything that is wrong. */
export async function loadBundleSettings(input: BundleSettingsInput): Promise<BundleSettings> {
  const problems: string[] = [];
  const policy = z.object(bundleSettings).safeParse(input);
  for (const { path, message } of policy.error?.issues ?? []) problems.push(`${path.join(".")}: ${message}`);
  const templates = await readTemplates(input.CLISCALE_TEMPLATES, problems);
  const bundleCa = await readSettingFile("CLISCALE_BUNDLE_CA_FILE", input.CLISCALE_BUNDLE_CA_FILE, problems);
  if (bundleCa && !bundleCa.includes("-----BEGIN CERTIFICATE-----")) {
    problems.push("CLISCALE_BUNDLE_CA_FILE: the file holds no PEM certificate");
  }
  if (problems.length === 0) problems.push(...forbiddenTemplates(templates, input));
  if (problems.length > 0) throw new BundleSettingsError(problems);
  return {
    bundleHosts: input.CLISCALE_BUNDLE_HOSTS ?? defaultBundleHosts,
    unpinnedHosts: input.CLISCALE_UNPINNED_HOSTS ?? "",
    npmTags: input.CLISCALE_NPM_TAGS === "on",
    npmScripts: input.CLISCALE_NPM_SCRIPTS ?? scriptsOf(templates),
    bundleCa: bundleCa ?? "",
    templates,
  };
}

async function readTemplates(file: string | undefined, problems: string[]): Promise<Template[]> {
  if (!file) return presetTemplates;
  const text = await readSettingFile("CLISCALE_TEMPLATES", file, problems);
  const templates = templatesSchema.safeParse(text === undefined ? [] : parseJson(text));
  for (const { path, message } of templates.error?.issues ?? []) {
    problems.push(`CLISCALE_TEMPLATES: ${path.join(".") || "the file"}: ${message}`);
  }
  return templates.data ?? [];
}

async function readSettingFile(name: string, file: string | undefined, problems: string[]) {
  if (!file) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    problems.push(`${name}: the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
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

/** Templates that the other settings forbid, so that nobody could start them. */
function forbiddenTemplates(templates: Template[], input: BundleSettingsInput): string[] {
  const policy = parseBundlePolicy(input);
  return templates.flatMap(({ name, source, sha256 }) =>
    bundleViolations({ source, ...(sha256 && { sha256 }) }, policy).map(
      ({ field, message }) => `CLISCALE_TEMPLATES: ${name}: ${field} ${message}`,
    ),
  );
}

function scriptsOf(templates: Template[]): string {
  return [...new Set(templates.flatMap(({ npmScripts }) => npmScripts))].join(",");
}
