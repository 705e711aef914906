// What has happened in a cluster, what there is in it, and what its users saw meanwhile.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { watchEvents } from "../../contract/kubernetes/request.ts";
import type { KubernetesSubject } from "../../contract/kubernetes/subject.ts";
import { resourceTypes } from "../../src/kubernetes/resources/registry.ts";
import { apiVersionOf } from "../../src/kubernetes/resources/resourceType.ts";

type Change = Awaited<ReturnType<typeof changesSince>>[number];

/** What has happened to a collection since a revision. */
export async function changesSince(subject: KubernetesSubject, revision: string, path: string) {
  const query = `watch=true&timeoutSeconds=1&resourceVersion=${revision}`;
  return Array.fromAsync(watchEvents(subject.kubeConfig, `${path}?${query}`, AbortSignal.timeout(10_000)));
}

/** The revision at which an object first was so. */
export async function since(
  subject: KubernetesSubject,
  revision: string,
  path: string,
  name: string,
  isSo: (object: Change["object"]) => boolean,
) {
  const changes = await changesSince(subject, revision, path);
  const first = changes.find(({ object }) => object.metadata.name === name && isSo(object));
  assert.ok(first, `${path} ${name} never was so`);
  return Number(first.object.metadata.resourceVersion);
}

/** Asks again and again, four at a time, while something else goes on. */
export async function askDuring(other: Promise<unknown>, question: () => Promise<string>) {
  const answers: string[] = [];
  const failures: unknown[] = [];
  const over = new AbortController();
  const asking = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) {
      await question().then(
        (answer) => answers.push(answer),
        (error: unknown) => failures.push(error),
      );
      await delay(10);
    }
  });
  await other.finally(() => over.abort());
  await Promise.all(asking);
  return { answers, failures };
}

/** `PLURAL/NAME` of everything in a namespace but events. */
export async function namesIn(subject: KubernetesSubject, namespace: string): Promise<string[]> {
  const types = resourceTypes.filter((type) => type.namespaced && type.kind !== "Event");
  const lists = types.map(async (type) => {
    const root = type.group ? `/apis/${apiVersionOf(type)}` : "/api/v1";
    const { body } = await subject.send("GET", `${root}/namespaces/${namespace}/${type.plural}`);
    return (body.items as { metadata: { name: string } }[]).map(({ metadata }) => `${type.plural}/${metadata.name}`);
  });
  return (await Promise.all(lists)).flat();
}
