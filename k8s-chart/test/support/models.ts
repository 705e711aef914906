import type { KubernetesObject } from "./helm.ts";
import { ownSchemas } from "./ownSchemas.ts";

interface Model {
  prototype: { validate(this: unknown): void };
}

/** Where the models of an API version are. */
const modules: Record<string, () => Promise<object>> = {
  v1: () => import("kubernetes-models/v1"),
  "apps/v1": () => import("kubernetes-models/apps/v1"),
  "autoscaling/v2": () => import("kubernetes-models/autoscaling/v2"),
  "batch/v1": () => import("kubernetes-models/batch/v1"),
  "networking.k8s.io/v1": () => import("kubernetes-models/networking.k8s.io/v1"),
  "policy/v1": () => import("kubernetes-models/policy/v1"),
  "rbac.authorization.k8s.io/v1": () => import("kubernetes-models/rbac.authorization.k8s.io/v1"),
  "scheduling.k8s.io/v1": () => import("kubernetes-models/scheduling.k8s.io/v1"),
  "gateway.networking.k8s.io/v1": () => import("@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1"),
  "networking.gke.io/v1": () => import("@kubernetes-models/gke/networking.gke.io/v1"),
};

/** What is wrong with a document: fields that its kind does not have, wrong types, missing fields. */
export async function problemsOf(document: KubernetesObject): Promise<string[]> {
  const { apiVersion, kind } = document;
  const own = ownSchemas[`${apiVersion} ${kind}`];
  if (own) {
    return own.safeParse(document).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  }
  const models = (await modules[apiVersion]?.()) as Record<string, Model> | undefined;
  const model = models?.[kind];
  if (!model) return [`nothing is known of ${apiVersion} ${kind}`];
  return problemsByModel(model, document);
}

/**
 * The models check types and what is required, and let unknown fields pass. But a validator looks at every field that it
 * knows: those that it has never looked at are the unknown ones.
 */
function problemsByModel(model: Model, document: KubernetesObject): string[] {
  const problems: string[] = [];
  const watched = watchReads(document);
  try {
    model.prototype.validate.call(watched.value);
  } catch (error) {
    problems.push((error as Error).message);
  }
  return [...problems, ...watched.unread().map((path) => `${path}: unknown field`)];
}

function watchReads<T extends object>(root: T): { value: T; unread(): string[] } {
  const reads = new Map<object, Set<string>>();
  const proxies = new Map<object, object>();

  function watch(target: object): object {
    const known = proxies.get(target);
    if (known) return known;
    const read = new Set<string>();
    reads.set(target, read);
    const proxy = new Proxy(target, {
      get(_target, key, receiver) {
        if (typeof key === "string") read.add(key);
        const value: unknown = Reflect.get(target, key, receiver);
        return typeof value === "object" && value !== null ? watch(value) : value;
      },
    });
    proxies.set(target, proxy);
    return proxy;
  }

  function* unread(target: object, path: string): Generator<string> {
    for (const [key, value] of Object.entries(target)) {
      const here = path === "" ? key : `${path}.${key}`;
      if (!reads.get(target)?.has(key)) yield here;
      else if (typeof value === "object" && value !== null) yield* unread(value as object, here);
    }
  }

  return { value: watch(root) as T, unread: () => Array.from(unread(root, "")) };
}
