import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Deployment } from "../../src/kubernetes/resources/deployment.ts";
import type { EventObject } from "../../src/kubernetes/resources/event.ts";
import type { Job } from "../../src/kubernetes/resources/job.ts";
import type { ApiObject, Condition } from "../../src/kubernetes/resources/objects.ts";
import type { Pod } from "../../src/kubernetes/resources/pod.ts";
import { type Answer, watchEvents } from "./request.ts";
import type { KubernetesSubject } from "./subject.ts";

/** The label by which what the contract made is found again. */
export const contractLabel = "cliscale.dev/contract";

export const jobsPath = ({ namespace }: KubernetesSubject) => `/apis/batch/v1/namespaces/${namespace}/jobs`;
export const deploymentsPath = ({ namespace }: KubernetesSubject) =>
  `/apis/apps/v1/namespaces/${namespace}/deployments`;
export const podsPath = ({ namespace }: KubernetesSubject) => `/api/v1/namespaces/${namespace}/pods`;
export const secretsPath = ({ namespace }: KubernetesSubject) => `/api/v1/namespaces/${namespace}/secrets`;

type Fields = Record<string, unknown>;

/** A pod of one container that runs a shell script. */
export function podTemplate(subject: KubernetesSubject, script: string, container: Fields = {}, spec: Fields = {}) {
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: "main",
        image: subject.image,
        command: ["sh", "-c", script],
        env: [{ name: "MESSAGE", value: "/dev/termination-log" }],
        ...container,
      },
    ],
    ...spec,
  };
}

export interface JobOptions {
  script?: string;
  container?: Fields;
  podSpec?: Fields;
  jobSpec?: Fields;
}

/** A Job that, if nothing else is said, succeeds at once. */
export function jobManifest(
  subject: KubernetesSubject,
  name: string,
  { script = "exit 0", container, podSpec, jobSpec }: JobOptions = {},
) {
  const labels = { [contractLabel]: name };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: {
      backoffLimit: 0,
      ...jobSpec,
      template: { metadata: { labels }, spec: podTemplate(subject, script, container, podSpec) },
    },
  };
}

/** A Deployment whose pods, if nothing else is said, run until they are told to end. */
export function deploymentManifest(
  subject: KubernetesSubject,
  name: string,
  { replicas = 1, container, spec }: { replicas?: number; container?: Fields; spec?: Fields } = {},
) {
  const labels = { [contractLabel]: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      ...spec,
      template: {
        metadata: { labels },
        spec: podTemplate(subject, "trap 'exit 0' TERM; while :; do sleep 0.1; done", container, {
          restartPolicy: "Always",
        }),
      },
    },
  };
}

export function secretManifest(name: string, stringData: Record<string, string>, owner?: ApiObject) {
  const ownerReferences = owner && [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid },
  ];
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, labels: { [contractLabel]: name }, ...(ownerReferences && { ownerReferences }) },
    type: "Opaque",
    stringData,
  };
}

export async function createJob(subject: KubernetesSubject, name: string, options?: JobOptions): Promise<Job> {
  const body = jobManifest(subject, name, options);
  return succeeded(await subject.send("POST", `${jobsPath(subject)}?fieldValidation=Strict`, { body })) as Job;
}

export const patchJob = (subject: KubernetesSubject, name: string, patch: object): Promise<Answer> =>
  patchObject(subject, `${jobsPath(subject)}/${name}`, patch);

/** Changes what a path names by a merge patch. */
export function patchObject(subject: KubernetesSubject, path: string, patch: object): Promise<Answer> {
  const headers = { "Content-Type": "application/merge-patch+json" };
  return subject.send("PATCH", path, { body: patch, headers });
}

/** The body of an answer that must be a success. */
export function succeeded({ status, body }: Answer): ApiObject {
  assert.ok(status >= 200 && status < 300, `answered ${status}: ${JSON.stringify(body)}`);
  return body as ApiObject;
}

/** Checks that an answer is the refusal that the API has for it. */
export function assertRefused({ status, body }: Answer, code: number, reason: string): void {
  assert.equal(status, code, JSON.stringify(body));
  assert.equal(body.kind, "Status");
  assert.equal(body.status, "Failure");
  assert.equal(body.reason, reason);
  assert.equal(body.code, code);
}

/** What a collection holds, by name. */
type Snapshot<T> = ReadonlyMap<string, T>;

/**
 * The first thing that `found` finds in a selection of objects, which is looked at whenever it changes.
 * @throws AssertionError when it takes too long.
 */
async function until<T extends ApiObject, R>(
  subject: KubernetesSubject,
  path: string,
  selector: string,
  what: string,
  found: (objects: Snapshot<T>) => R | undefined,
): Promise<R> {
  const deadline = AbortSignal.timeout(subject.patienceMilliseconds);
  const objects = new Map<string, T>();
  try {
    for (;;) {
      const { body } = await subject.send("GET", `${path}?${selector}`);
      objects.clear();
      for (const item of body.items as T[]) objects.set(item.metadata.name, item);
      const before = found(objects);
      if (before !== undefined) return before;
      const query = `${selector}&watch=true&resourceVersion=${body.metadata.resourceVersion}`;
      for await (const { type, object } of watchEvents(subject.kubeConfig, `${path}?${query}`, deadline)) {
        if (type === "DELETED") objects.delete(object.metadata.name);
        else objects.set(object.metadata.name, object);
        const now = found(objects);
        if (now !== undefined) return now;
      }
    }
  } catch (error) {
    if (!deadline.aborted) throw error;
    assert.fail(
      `not within ${subject.patienceMilliseconds / 1000} s: ${what}; there is ${JSON.stringify([...objects.values()])}`,
    );
  }
}

const byName = (name: string) => `fieldSelector=metadata.name%3D${name}`;
const byJob = (job: string) => `labelSelector=batch.kubernetes.io%2Fjob-name%3D${job}`;

/** The Job, once it is as it should be. */
export function untilJob(
  subject: KubernetesSubject,
  name: string,
  what: string,
  isSo: (job: Job) => boolean,
): Promise<Job> {
  return until<Job, Job>(subject, jobsPath(subject), byName(name), what, (jobs) => {
    const job = jobs.get(name);
    return job && isSo(job) ? job : undefined;
  });
}

/** The pod of a Job, once it is as it should be. */
export function untilPodOf(
  subject: KubernetesSubject,
  job: string,
  what: string,
  isSo: (pod: Pod) => boolean,
): Promise<Pod> {
  return until<Pod, Pod>(subject, podsPath(subject), byJob(job), what, (pods) => [...pods.values()].find(isSo));
}

/** The Deployment, once it is as it should be. */
export function untilDeployment(
  subject: KubernetesSubject,
  name: string,
  what: string,
  isSo: (deployment: Deployment) => boolean,
): Promise<Deployment> {
  return until<Deployment, Deployment>(subject, deploymentsPath(subject), byName(name), what, (deployments) => {
    const deployment = deployments.get(name);
    return deployment && isSo(deployment) ? deployment : undefined;
  });
}

/** The pods with the contract's label of a name, once they are as they should be. */
export function untilPods(
  subject: KubernetesSubject,
  name: string,
  what: string,
  isSo: (pods: Pod[]) => boolean,
): Promise<Pod[]> {
  const selector = `labelSelector=${encodeURIComponent(`${contractLabel}=${name}`)}`;
  return until<Pod, Pod[]>(subject, podsPath(subject), selector, what, (pods) =>
    isSo([...pods.values()]) ? [...pods.values()] : undefined,
  );
}

/** The first event of a reason that is about an object of a name. */
export function untilEvent(subject: KubernetesSubject, name: string, reason: string): Promise<EventObject> {
  const selector = `fieldSelector=involvedObject.name%3D${name},reason%3D${reason}`;
  const path = `/api/v1/namespaces/${subject.namespace}/events`;
  return until<EventObject, EventObject>(subject, path, selector, reason, (events) => [...events.values()][0]);
}

/** Waits until something is so that no watch tells of; `what` describes how it stands where it never is. */
export async function untilSo(
  subject: Pick<KubernetesSubject, "patienceMilliseconds">,
  isSo: () => Promise<boolean> | boolean,
  what = () => "",
): Promise<void> {
  const deadline = Date.now() + subject.patienceMilliseconds;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `not within ${subject.patienceMilliseconds / 1000} s ${what()}`);
    await delay(100);
  }
}

/** Waits until the pods of a namespace, or its events, say something. */
export async function untilSaid(subject: KubernetesSubject, namespace: string, says: RegExp): Promise<void> {
  const look = async (what: string) => (await subject.send("GET", `/api/v1/namespaces/${namespace}/${what}`)).body;
  let said = "";
  const isSaid = async () => {
    said = JSON.stringify([await look("pods"), await look("events")]).replaceAll('\\"', '"');
    return says.test(said);
  };
  await untilSo(subject, isSaid, () => `${String(says)} in ${said}`);
}

export async function untilGone(subject: KubernetesSubject, collection: string, name: string): Promise<void> {
  await until(subject, collection, byName(name), `${name} is gone`, (objects) =>
    objects.size === 0 ? true : undefined,
  );
}

export async function untilNoPodOf(subject: KubernetesSubject, job: string): Promise<void> {
  await until(subject, podsPath(subject), byJob(job), `${job} has no pod`, (pods) =>
    pods.size === 0 ? true : undefined,
  );
}

export async function podsOf(subject: KubernetesSubject, job: string): Promise<Pod[]> {
  return (await subject.send("GET", `${podsPath(subject)}?${byJob(job)}`)).body.items as Pod[];
}

/** How the container of a Job's pod ended. */
export async function untilTerminated(subject: KubernetesSubject, job: string) {
  const pod = await untilPodOf(
    subject,
    job,
    "its container has ended",
    (each) => stateOf(each)?.terminated !== undefined,
  );
  return stateOf(pod)!.terminated!;
}

export const stateOf = (pod: Pod) => pod.status.containerStatuses?.[0]?.state;

export const isRunning = (pod: Pod) => stateOf(pod)?.running !== undefined;

/** The condition of a type, where it is true. */
export function trueCondition(object: { status: { conditions?: Condition[] } }, type: string): Condition | undefined {
  return object.status.conditions?.find((condition) => condition.type === type && condition.status === "True");
}
