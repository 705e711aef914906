import assert from "node:assert/strict";
import { once } from "node:events";
import { BatchV1Api, makeInformer, type V1Job } from "@kubernetes/client-node";
import type { ContractCase } from "../support/contract.ts";
import { type WatchEvent, watchEvents } from "./request.ts";
import { contractLabel, createJob, jobsPath, patchJob, succeeded, untilGone } from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

const waiting = { jobSpec: { suspend: true } };

/** The first `count` events of a watch of Jobs; fewer when it ends, or takes too long. */
/** The events of a watch: as many as are asked for, or up to the first that is `last`, or until the API ends the watch. */
async function take(
  subject: KubernetesSubject,
  query: string,
  count: number,
  last: (event: WatchEvent) => boolean = () => false,
): Promise<WatchEvent[]> {
  const signal = AbortSignal.timeout(subject.patienceMilliseconds);
  const events: WatchEvent[] = [];
  for await (const event of watchEvents(subject.kubeConfig, `${jobsPath(subject)}?watch=true&${query}`, signal)) {
    events.push(event);
    if (events.length === count || last(event)) break;
  }
  return events;
}

const note = ({ type, object }: WatchEvent) => `${type} ${object.metadata.annotations?.note ?? ""}`.trim();

async function annotate(subject: KubernetesSubject, name: string, value: string): Promise<void> {
  succeeded(await patchJob(subject, name, { metadata: { annotations: { note: value } } }));
}

const named = (name: string) => `fieldSelector=metadata.name%3D${name}`;
const labelled = (name: string) => `labelSelector=${encodeURIComponent(contractLabel)}%3D${name}`;

/** Watches, without which nobody would learn of a change. */
export const watchCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a watch tells what happened since a resourceVersion, each change once and in order",
    async check(subject) {
      const name = subject.newName();
      const { body } = await subject.send("GET", jobsPath(subject));
      await createJob(subject, name, waiting);
      // Its controller has a word to say as well, at whatever time.
      await annotate(subject, name, "1");
      await annotate(subject, name, "2");
      succeeded(
        await subject.send("DELETE", `${jobsPath(subject)}/${name}`, { body: { propagationPolicy: "Background" } }),
      );
      const query = `${named(name)}&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=1`;
      const events = await take(subject, query, Number.POSITIVE_INFINITY);
      assert.deepEqual(
        [...new Set(events.map(note))],
        ["ADDED", "MODIFIED", "MODIFIED 1", "MODIFIED 2", "DELETED 2"].filter(
          (each) => each !== "MODIFIED" || events.some((event) => note(event) === each),
        ),
      );
      assert.equal(events.filter(({ type }) => type === "ADDED").length, 1);
      assert.equal(events.filter(({ type }) => type === "DELETED").length, 1);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        [...new Set(versions)].toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: "a watch goes on where a list ended, and misses nothing that happens",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, waiting);
      await annotate(subject, name, "0");
      const { body } = await subject.send("GET", `${jobsPath(subject)}?${named(name)}`);
      const notes = Array.from({ length: 20 }, (_, index) => String(index + 1));
      const watching = take(
        subject,
        `${named(name)}&resourceVersion=${body.metadata.resourceVersion}`,
        Number.POSITIVE_INFINITY,
        ({ object }) => object.metadata.annotations?.note === notes.at(-1),
      );
      for (const each of notes) await annotate(subject, name, each);
      const seen = (await watching).map((event) => event.object.metadata.annotations.note as string);
      assert.deepEqual(
        [...new Set(seen)].filter((each) => each !== "0"),
        notes,
      );
    },
  },
  {
    name: "a watch without a resourceVersion begins with what there is",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, waiting);
      const [first] = await take(subject, named(name), 1);
      assert.equal(first?.type, "ADDED");
      assert.equal(first?.object.metadata.name, name);
    },
  },
  {
    name: "what begins to match a watch's selector is added, what ceases to is deleted",
    async check(subject) {
      const name = subject.newName();
      const job = await createJob(subject, name, waiting);
      const label = async (value: string | null) =>
        succeeded(await patchJob(subject, name, { metadata: { labels: { watched: value } } }));
      const selector = `labelSelector=watched%3D${name}`;
      const watching = take(subject, `${selector}&resourceVersion=${job.metadata.resourceVersion}`, 2);
      await label(name);
      await label(null);
      assert.deepEqual(
        (await watching).map(({ type }) => type),
        ["ADDED", "DELETED"],
      );
    },
  },
  {
    name: "a resourceVersion that is too old is Expired",
    async check(subject) {
      const [event] = await take(subject, "resourceVersion=1&timeoutSeconds=2", 1);
      assert.equal(event?.type, "ERROR");
      assert.equal(event?.object.code, 410);
      assert.equal(event?.object.reason, "Expired");
    },
  },
  {
    name: "a watch ends when its time is over",
    async check(subject) {
      const began = performance.now();
      await take(subject, `${labelled("nothing")}&timeoutSeconds=1`, 1);
      const seconds = (performance.now() - began) / 1000;
      assert.ok(seconds > 0.9 && seconds < 3, `after ${seconds} s`);
    },
  },
  {
    name: "an informer follows a Job from its beginning to its end",
    async check(subject) {
      const name = subject.newName();
      const { namespace, kubeConfig } = subject;
      const batch = kubeConfig.makeApiClient(BatchV1Api);
      const labelSelector = `${contractLabel}=${name}`;
      const list = () => batch.listNamespacedJob({ namespace, labelSelector });
      const informer = makeInformer<V1Job>(kubeConfig, jobsPath(subject), list, labelSelector);
      const target = new EventTarget();
      for (const verb of ["add", "update", "delete"] as const) {
        informer.on(verb, (job) => target.dispatchEvent(Object.assign(new Event(verb), { job })));
      }
      // An informer that is stopped says that it was aborted.
      informer.on("error", () => undefined);
      const signal = AbortSignal.timeout(subject.patienceMilliseconds);
      const heard = (verb: string) => {
        const hearing = once(target, verb, { signal }).catch(() => assert.fail(`the informer has not heard: ${verb}`));
        // It may be too late while the change that is to be heard of is still on its way.
        hearing.catch(() => undefined);
        return hearing;
      };
      try {
        await informer.start();
        const added = heard("add");
        await createJob(subject, name, waiting);
        await added;
        const updated = heard("update");
        await annotate(subject, name, "1");
        await updated;
        const deleted = heard("delete");
        await batch.deleteNamespacedJob({ name, namespace, propagationPolicy: "Background" });
        await deleted;
        await untilGone(subject, jobsPath(subject), name);
      } finally {
        await informer.stop();
      }
    },
  },
];
