import * as z from "zod";
import type { Deployment } from "../resources/deployment.ts";
import { formatSelector } from "../resources/labelSelector.ts";
import type { ReplicaSet } from "../resources/replicaSet.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import type { Store } from "../store/store.ts";
import { conflict, invalid } from "./statusError.ts";
import { updateObject } from "./updateObject.ts";

type Scalable = Deployment | ReplicaSet;

const scale = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
  spec: z.looseObject({ replicas: z.int().min(0).default(0) }).default({ replicas: 0 }),
});

/** The `scale` of an object that has replicas: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/scale-v1/ */
export function scaleOf({ metadata, spec, status }: Scalable): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status.replicas ?? 0, selector: formatSelector(spec.selector) },
  };
}

/**
 * Sets the number of replicas, and answers the new `scale`.
 * @throws StatusError 422 for a number that is none, 409 for a version that is no longer the present one.
 */
export function setScale(store: Store, type: ResourceType, current: Scalable, input: unknown, dryRun: boolean): object {
  const result = scale.safeParse(input);
  const { name, resourceVersion } = current.metadata;
  if (!result.success) {
    throw invalid(type, name, [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: must be a whole number, 0 or more",
        field: "spec.replicas",
      },
    ]);
  }
  const { metadata, spec } = result.data;
  if (metadata?.resourceVersion && metadata.resourceVersion !== resourceVersion) throw conflict(type, name);
  const changed = { ...current, spec: { ...current.spec, replicas: spec.replicas } };
  return scaleOf(updateObject(store, type, current, changed, { dryRun }) as Scalable);
}
