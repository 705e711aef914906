import type { Logger } from "@cliscale/service";
import { createHash } from "node:crypto";
import { createObject } from "../api/createObject.ts";
import { type Deployment, deployments, rollingLimits } from "../resources/deployment.ts";
import { controllerOf, controllerReference } from "../resources/objects.ts";
import { pods } from "../resources/pod.ts";
import { type ReplicaSet, replicaSets, templateHashLabel } from "../resources/replicaSet.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, startController } from "./controller.ts";
import { deploymentStatus, isComplete, lateAfter } from "./deploymentStatus.ts";
import { createEventRecorder, type EventRecorder } from "./eventRecorder.ts";
import { ownerKey } from "./replicaSetController.ts";

const revisionAnnotation = "deployment.kubernetes.io/revision";

interface Context {
  store: Store;
  events: EventRecorder;
}

/** The replica sets of a Deployment: the one of its present template, and those before. */
interface Sets {
  newest: ReplicaSet;
  /** The oldest revision first. */
  older: ReplicaSet[];
}

/**
 * Moves the pods of a Deployment from one template to the next, within the limits of its strategy.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
export function startDeploymentController(store: Store, logger: Logger): () => void {
  const context = { store, events: createEventRecorder(store, "deployment-controller") };
  return startController(store, logger, {
    name: "deployment controller",
    collection: deployments,
    concerns: ({ collection, object }) => {
      if (collection.id === replicaSets.id) return ownerKey(object, deployments.kind);
      // With `Recreate` the new pods wait until the last of the old ones is gone.
      return collection.id === pods.id ? keysBeside(store, deployments, object) : [];
    },
    sync(deployment, queue, key) {
      if (deployment.metadata.deletionTimestamp) return;
      const known = setsOf(store, deployment);
      const sets = { ...known, newest: known.newest ?? createNewest(context, deployment, known.older) };
      markRevision(store, deployment, sets);
      if (deployment.spec.paused) scaleTo(context, deployment, activeOf(sets), deployment.spec.replicas);
      else if (deployment.spec.strategy.type === "Recreate") recreate(context, deployment, sets);
      else roll(context, deployment, sets);
      const left = settle(store, store.get(deployments, deployment.metadata.namespace, deployment.metadata.name)!);
      if (left !== undefined) queue.addAfter(key, left);
    },
  });
}

/** Writes down how far it is. Returns when to look again whether it has got on, in milliseconds. */
function settle(store: Store, deployment: Deployment): number | undefined {
  const { newest, older } = setsOf(store, deployment);
  if (!newest) return undefined;
  const status = deploymentStatus(deployment, newest, older);
  if (JSON.stringify(status) !== JSON.stringify(deployment.status)) store.put(deployments, { ...deployment, status });
  if (isComplete(deployment, status)) {
    removeOldRevisions(store, deployment, older);
    return undefined;
  }
  return lateAfter(deployment, status);
}

function setsOf(store: Store, deployment: Deployment): { newest: ReplicaSet | undefined; older: ReplicaSet[] } {
  const owned = store
    .list(replicaSets, deployment.metadata.namespace)
    .filter((set) => controllerOf(set)?.uid === deployment.metadata.uid && !set.metadata.deletionTimestamp)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const hash = hashOf(deployment);
  const newest = owned.find((set) => set.metadata.labels?.[templateHashLabel] === hash);
  return { newest, older: owned.filter((set) => set !== newest) };
}

const revisionOf = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[revisionAnnotation] ?? 0);

/** Tells templates apart; the same template gives the same name again, so a rollback finds its replica set. */
function hashOf({ spec }: Deployment): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(sorted(spec.template)))
    .digest();
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  return Array.from(digest.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Patches may bring the fields of a template in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function createNewest({ store, events }: Context, deployment: Deployment, older: ReplicaSet[]): ReplicaSet {
  const { name, namespace } = deployment.metadata;
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = { [templateHashLabel]: hashOf(deployment) };
  const labels = { ...template.metadata.labels, ...hash };
  const set = createObject(store, replicaSets, namespace, {
    metadata: {
      name: `${name}-${hash[templateHashLabel]}`,
      labels,
      annotations: { [revisionAnnotation]: String(nextRevision(older)) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  });
  events.record(deployment, "Normal", "NewReplicaSetCreated", `Created new replica set "${set.metadata.name}"`);
  return set;
}

const nextRevision = (older: ReplicaSet[]) => Math.max(0, ...older.map(revisionOf)) + 1;

/** A template that is taken up again becomes the newest revision. */
function markRevision(store: Store, deployment: Deployment, { newest, older }: Sets): void {
  const revision = Math.max(revisionOf(newest), nextRevision(older));
  const marked = { [revisionAnnotation]: String(revision) };
  if (revisionOf(newest) !== revision) {
    const metadata = { ...newest.metadata, annotations: { ...newest.metadata.annotations, ...marked } };
    store.put(replicaSets, { ...newest, metadata });
  }
  if (deployment.metadata.annotations?.[revisionAnnotation] === String(revision)) return;
  const metadata = { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, ...marked } };
  store.put(deployments, { ...deployment, metadata });
}

/** While a rollout is paused only the set is scaled that has the pods. */
function activeOf({ newest, older }: Sets): ReplicaSet {
  const active = older.filter((set) => set.spec.replicas > 0);
  return newest.spec.replicas > 0 || active.length === 0 ? newest : active.at(-1)!;
}

function recreate(context: Context, deployment: Deployment, { newest, older }: Sets): void {
  for (const set of older) scaleTo(context, deployment, set, 0);
  const owners = new Set(older.map((set) => set.metadata.uid));
  const left = context.store
    .list(pods, deployment.metadata.namespace)
    .some((pod) => owners.has(controllerOf(pod)?.uid ?? ""));
  if (!left) scaleTo(context, deployment, newest, deployment.spec.replicas);
}

/** One step of a rolling update: as many new pods as there may be too many, as few old ones as there may be too few. */
function roll(context: Context, deployment: Deployment, { newest, older }: Sets): void {
  const { replicas } = deployment.spec;
  const { maxSurge, maxUnavailable } = rollingLimits(deployment.spec);
  const all = [newest, ...older];
  const total = sum(all, (set) => set.spec.replicas);
  const room = Math.max(0, replicas + maxSurge - total);
  const wanted = Math.min(replicas, newest.spec.replicas + room);
  if (wanted !== newest.spec.replicas) return scaleTo(context, deployment, newest, wanted);

  const newUnavailable = newest.spec.replicas - (newest.status.availableReplicas ?? 0);
  let spare = total - (replicas - maxUnavailable) - newUnavailable;
  // Pods that serve nobody go first: they are never missed.
  for (const set of older) {
    const broken = set.spec.replicas - (set.status.availableReplicas ?? 0);
    const count = Math.min(broken, spare);
    if (count <= 0) continue;
    scaleTo(context, deployment, set, set.spec.replicas - count);
    spare -= count;
  }
  const available = sum(all, (set) => set.status.availableReplicas ?? 0);
  let dispensable = Math.min(spare, available - (replicas - maxUnavailable));
  for (const set of setsOf(context.store, deployment).older) {
    const count = Math.min(set.spec.replicas, dispensable);
    if (count <= 0) continue;
    scaleTo(context, deployment, set, set.spec.replicas - count);
    dispensable -= count;
  }
}

const sum = <T>(items: readonly T[], count: (item: T) => number) => items.reduce((all, item) => all + count(item), 0);

function scaleTo({ store, events }: Context, deployment: Deployment, set: ReplicaSet, replicas: number): void {
  const before = store.get(replicaSets, set.metadata.namespace, set.metadata.name);
  if (!before || before.spec.replicas === replicas) return;
  const direction = replicas > before.spec.replicas ? "up" : "down";
  const change = `Scaled ${direction} replica set ${set.metadata.name} from ${before.spec.replicas} to ${replicas}`;
  events.record(deployment, "Normal", "ScalingReplicaSet", change);
  const metadata = { ...before.metadata, generation: (before.metadata.generation ?? 0) + 1 };
  store.put(replicaSets, { ...before, metadata, spec: { ...before.spec, replicas } });
}

function removeOldRevisions(store: Store, { spec }: Deployment, older: ReplicaSet[]): void {
  const empty = older.filter((set) => set.spec.replicas === 0 && set.status.replicas === 0);
  for (const set of empty.slice(0, Math.max(0, empty.length - spec.revisionHistoryLimit))) {
    deleteObject(store, replicaSets, set, { propagationPolicy: "Background" });
  }
}
