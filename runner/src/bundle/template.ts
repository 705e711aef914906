import { findProgram } from "../command/findProgram.ts";
import { BundleError } from "./bundleError.ts";
import type { Bundle, Placement } from "./placeBundle.ts";

/** `template:shell`: no files, and an interactive shell. */
export async function placeTemplate(reference: string, { settings }: Placement): Promise<Bundle> {
  if (reference !== "shell") {
    throw new BundleError("There is no such template; supported is template:shell.");
  }
  const bash = await findProgram("bash", settings.path);
  return { defaultCommand: async () => (bash ? "bash" : "sh") };
}
