import type { StateFile } from "../stateFile.ts";
import type { KmsState } from "./state.ts";

/** What the handlers work with. */
export interface Kms {
  file: StateFile<KmsState>;
  now: () => Date;
  /** Begins to generate the key of a version that waits for it. */
  generate: (versionName: string) => void;
}
