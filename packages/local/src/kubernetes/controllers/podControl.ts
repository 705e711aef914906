import { createObject } from "../api/createObject.ts";
import { StatusError } from "../api/statusError.ts";
import { type ApiObject, controllerReference } from "../resources/objects.ts";
import { type Pod, pods } from "../resources/pod.ts";
import type { PodTemplate } from "../resources/podSpec.ts";
import type { Store } from "../store/store.ts";
import type { EventRecorder } from "./eventRecorder.ts";
import type { WorkQueue } from "./workQueue.ts";

/** How long until a pod that was refused is tried again, in milliseconds. What it lacks may come at any time. */
const retryMilliseconds = 1000;

export type CreatedPod = { pod: Pod } | { refusal: string };

/** Creates a pod for its owner; one that is refused, for want of its account or by a quota, is tried again. */
export function createPodOf(
  { store, events, queue, key }: { store: Store; events: EventRecorder; queue: WorkQueue; key: string },
  owner: ApiObject,
  { metadata, spec }: PodTemplate,
): CreatedPod {
  const { name, namespace } = owner.metadata;
  const { labels, annotations } = metadata;
  const ownerReferences = [controllerReference(owner)];
  try {
    const pod = createObject(store, pods, namespace, {
      metadata: { generateName: `${name}-`, labels, annotations, ownerReferences },
      spec,
    });
    events.record(owner, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
    return { pod };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // Names are made anew at each try, and would make each event another.
    const refusal = error.message.replaceAll(new RegExp(`"${name}-[a-z0-9]{5}"`, "g"), `"${name}-"`);
    events.record(owner, "Warning", "FailedCreate", `Error creating: ${refusal}`);
    queue.addAfter(key, retryMilliseconds);
    return { refusal };
  }
}
