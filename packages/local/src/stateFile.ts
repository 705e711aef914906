import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type * as z from "zod";

/** State that survives restarts, in one file. */
export interface StateFile<State> {
  /** The state as it is on disk; not to be changed. */
  readonly state: State;
  /**
   * Changes a copy of the state and resolves with the change's result when the copy is on disk and has become the state.
   * When the change or the writing fails, nothing has changed. Changes are made one after another.
   */
  update<Result>(change: (state: State) => Result): Promise<Result>;
}

/**
 * Opens a state file, making its folder for this user alone.
 * @throws Error that says what to do when the file is not a state of this schema.
 */
export async function openStateFile<State>(
  path: string,
  schema: z.ZodType<State>,
  initial: State,
): Promise<StateFile<State>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let state = (await readState(path, schema)) ?? initial;
  let queue: Promise<unknown> = Promise.resolve();

  async function apply<Result>(change: (state: State) => Result): Promise<Result> {
    const copy = structuredClone(state);
    const result = change(copy);
    await writeState(path, copy);
    state = copy;
    return result;
  }

  return {
    get state() {
      return state;
    },
    update(change) {
      const result = queue.then(() => apply(change));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

async function readState<State>(path: string, schema: z.ZodType<State>): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const result = schema.safeParse(parseJson(text));
  // What is wrong with it is not said, as that could quote a private key.
  if (!result.success) {
    throw new Error(`${path} is damaged or of another version: remove it to start anew, without what it holds`);
  }
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Atomically: after a crash the file holds the old state or the new one, never a part. */
async function writeState(path: string, state: unknown): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(state, null, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
