import { shellTemplate, type TemplateSource } from "@cliscale/protocol";
import { findProgram } from "../command/findProgram.ts";
import { BundleError } from "./bundleError.ts";
import type { Bundle, Placement } from "./placeBundle.ts";

/** `template:shell`: no files, and an interactive shell. Others stand for bundles of other kinds, and do not come here. */
export async function placeTemplate({ name }: TemplateSource, { settings }: Placement): Promise<Bundle> {
  if (name !== shellTemplate.name) {
    throw new BundleError(`There is no template ${name} here; ask for a new session.`);
  }
  const bash = await findProgram("bash", settings.path);
  return { defaultCommand: async () => (bash ? "bash" : "sh") };
}
