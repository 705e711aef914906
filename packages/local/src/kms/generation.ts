import type { Logger } from "@cliscale/service";
import type { StateFile } from "../stateFile.ts";
import { generateRsaKey } from "./rsaKey.ts";
import { find, type KmsState } from "./state.ts";

/** Generates keys in the background, as Cloud KMS does for asymmetric ones: their versions are PENDING_GENERATION until then. */
export interface Generation {
  start: (versionName: string) => void;
  /** Resolves when nothing is being generated any more. */
  settled: () => Promise<void>;
}

/** Begins with the versions that an earlier run left without a key. */
export function createGeneration(file: StateFile<KmsState>, now: () => Date, logger?: Logger): Generation {
  const running = new Set<Promise<void>>();

  async function generate(name: string): Promise<void> {
    try {
      const key = await generateRsaKey(find(file.state.versions, name).algorithm);
      const generateTime = now().toISOString();
      await file.update((state) => {
        Object.assign(find(state.versions, name), { state: "ENABLED", generateTime, key });
      });
    } catch (error) {
      logger?.error({ err: error, version: name }, "key generation failed, the next start tries again");
    }
  }

  function start(name: string): void {
    const generating = generate(name).finally(() => running.delete(generating));
    running.add(generating);
  }

  for (const { name, state } of Object.values(file.state.versions)) {
    if (state === "PENDING_GENERATION") start(name);
  }

  return {
    start,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
