import * as z from "zod";
import { openStateFile, type StateFile } from "../../stateFile.ts";
import { endpointSlices } from "../resources/endpointSlice.ts";
import { events } from "../resources/event.ts";
import { jobs } from "../resources/job.ts";
import type { ApiObject } from "../resources/objects.ts";
import { pods } from "../resources/pod.ts";
import { resourceTypes, typeOf } from "../resources/registry.ts";
import type { Collection, Store } from "./store.ts";

/** What ends with the node: pods, what runs once and what is told of them. Whatever else asks for pods gets new ones. */
const ending = [pods, jobs, events, endpointSlices];

const fileSchema = z.object({
  objects: z.array(
    z.looseObject({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), uid: z.string() }),
    }),
  ),
});

/** Changes come in bursts, such as those of an installation: they are written together. */
const settleMilliseconds = 50;

export interface KeptObjects {
  /**
   * Puts the objects of the earlier run into a store, and from then on writes down those that outlive this one.
   * @returns the way to stop, which resolves when all is written.
   */
  keepThoseOf(store: Store): () => Promise<void>;
}

/**
 * Opens the file in which objects outlive a run.
 * @throws Error that says what to do when it is damaged.
 */
export async function openKeptObjects(path: string): Promise<KeptObjects> {
  const file = await openStateFile(path, fileSchema, { objects: [] });
  return {
    keepThoseOf(store) {
      for (const kept of file.state.objects) {
        const object = kept as unknown as ApiObject;
        const type = typeOf(object);
        if (type) store.put(type, object);
      }
      return writeChanges(store, file);
    },
  };
}

function writeChanges(store: Store, file: StateFile<z.infer<typeof fileSchema>>): () => Promise<void> {
  const write = () =>
    file.update((state) => {
      state.objects = keptOf(store) as unknown as typeof state.objects;
    });
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const unsubscribe = store.subscribe(({ collection, object }) => {
    if (!isKept(collection, object)) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      // What could not be written is written with the next change.
      writing = write().catch(() => undefined);
    }, settleMilliseconds);
  });
  return async () => {
    unsubscribe();
    clearTimeout(timer);
    await writing;
    await write();
  };
}

function keptOf(store: Store): ApiObject[] {
  return resourceTypes.flatMap((type) => store.list(type).filter((object) => isKept(type, object)));
}

function isKept({ id }: Collection, { metadata }: ApiObject): boolean {
  if (ending.some((type) => type.id === id)) return false;
  return !metadata.ownerReferences?.some((owner) => ending.some(({ kind }) => kind === owner.kind));
}
