import { join } from "node:path";
import { root } from "./repository.ts";

/** Builds the web terminal into hosting/dist. */
export async function buildHosting(): Promise<void> {
  // Vite is loaded here because it takes most of a second, which a start without a build need not wait for.
  const { build } = await import("vite");
  await build({ root: join(root, "hosting"), configFile: join(root, "hosting/vite.config.ts"), logLevel: "warn" });
}
