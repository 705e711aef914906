import { writeFile } from "node:fs/promises";
import type { TerminationMessage } from "@cliscale/protocol";

// Two texts of 300 UTF-16 units take 3,600 bytes at most in JSON (6 for an escaped one): below the 4,096 that are kept.
const textUnits = 300;

/** Leaves behind how the session ended, for Kubernetes to pick up. Longer texts are cut; the row has the whole command. */
export async function writeTerminationMessage(path: string, message: TerminationMessage): Promise<void> {
  const cut = Object.entries(message).map(([name, value]) => [
    name,
    typeof value === "string" ? value.slice(0, textUnits) : value,
  ]);
  await writeFile(path, JSON.stringify(Object.fromEntries(cut)));
}

/** Says that the runner itself could not start, where it is known how to say so. */
export async function reportFailedStart(path: string | undefined, error: unknown): Promise<void> {
  if (!path) return;
  const reason = error instanceof Error ? error.message : String(error);
  try {
    await writeTerminationMessage(path, { outcome: "failed", message: `The runner could not start: ${reason}` });
  } catch {
    // Nobody is left to tell; the log has the error.
  }
}
