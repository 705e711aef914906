// The contract is only worth what it notices: each of these lies must break the promise that it is about.
import { after, before, suite, test } from "node:test";
import { type KubernetesSubject, openStandIn } from "../../contract/kubernetes/subject.ts";
import { kubernetesContract } from "../../contract/kubernetes/suite.ts";
import { assertCaught } from "../../contract/support/lies.ts";
import type { Kubernetes } from "../../src/kubernetes/server.ts";
import { type Distortion, type LyingRequest, type Message, startLyingProxy } from "./lyingProxy.ts";

interface Lie extends Distortion {
  name: string;
  /** The promise that it breaks. */
  breaks: string;
}

const isJob = ({ url }: LyingRequest) => url.pathname.includes("/jobs");
const isCreation = ({ method, body }: LyingRequest, kind: string) => method === "POST" && body?.kind === kind;

/** A lie about objects that are created: they are not quite what was sent. */
function creating(kind: string, change: (object: Message) => void): Distortion {
  return {
    request: (request) => {
      if (isCreation(request, kind)) change(request.body);
    },
  };
}

const creatingJobs = (change: (job: Message) => void) => creating("Job", change);

/** A lie about every object that is told, alone, in a list or in a watch. */
function telling(change: (object: Message) => void): Distortion {
  return {
    answer: ({ body }) => {
      if (body?.metadata) change(body);
      for (const item of body?.items ?? []) change(item);
    },
    event: (event) => {
      if (event.object?.metadata) change(event.object);
      return event;
    },
  };
}

const lies: Lie[] = [
  {
    name: "whoever has no token is an administrator",
    breaks: "a request without a token is refused",
    request: ({ headers }, { tokens }) => void (headers.authorization ??= `Bearer ${tokens.admin}`),
  },
  {
    name: "every token is an administrator's",
    breaks: "a token that is nobody's is Unauthorized",
    request: ({ headers }, { tokens }) => void (headers.authorization = `Bearer ${tokens.admin}`),
  },
  {
    name: "a Job deleted without a policy takes its pod along",
    breaks: "a Job deleted without a policy leaves its pod and its secret, and they have no owner then",
    request: (request) => {
      if (request.method === "DELETE" && isJob(request))
        request.url.searchParams.set("propagationPolicy", "Background");
    },
  },
  {
    name: "a Job deleted in the background leaves its pod",
    breaks: "a Job deleted in the background is gone at once, its pod and its secret soon",
    request: ({ method, body }) => {
      if (method === "DELETE" && body?.propagationPolicy === "Background") body.propagationPolicy = "Orphan";
    },
  },
  {
    name: "a secret outlives its owner",
    breaks: "a Job deleted in the background is gone at once, its pod and its secret soon",
    request: (request) => {
      if (isCreation(request, "Secret")) delete request.body.metadata.ownerReferences;
    },
  },
  {
    name: "a Job deleted in the foreground is gone before its pod",
    breaks: "a Job deleted in the foreground is gone when its pod is",
    request: ({ url }) => {
      if (url.searchParams.has("propagationPolicy")) url.searchParams.set("propagationPolicy", "Background");
    },
  },
  {
    name: "preconditions of a deletion are not looked at",
    breaks: "a deletion whose precondition does not hold is a conflict",
    request: ({ method, body }) => {
      if (method === "DELETE") delete body?.preconditions;
    },
  },
  {
    name: "suspend is ignored",
    breaks: "a suspended Job starts nothing until it is resumed",
    ...creatingJobs((job) => delete job.spec.suspend),
  },
  {
    name: "a deadline is ignored",
    breaks: "a Job that outlasts its deadline is failed, and its pod is ended",
    ...creatingJobs((job) => delete job.spec.activeDeadlineSeconds),
  },
  {
    name: "the time after which a finished Job goes is ignored",
    breaks: "a finished Job is removed with its pod when its time has passed",
    ...creatingJobs((job) => delete job.spec.ttlSecondsAfterFinished),
  },
  {
    name: "a field that does not exist is accepted",
    breaks: "a field that does not exist is refused",
    ...creatingJobs((job) => delete job.spec.ttlSecondsAfterFinish),
  },
  {
    name: "every restart policy is accepted",
    breaks: "an object that is not valid is refused field by field",
    ...creatingJobs((job) =>
      Object.assign(job.spec.template.spec, { restartPolicy: "Never", terminationGracePeriodSeconds: 1 }),
    ),
  },
  {
    name: "a name that is taken is not found",
    breaks: "a name is given once",
    answer: (answer) => {
      if (answer.status === 409)
        Object.assign(answer, { status: 404, body: { ...answer.body, code: 404, reason: "NotFound" } });
    },
  },
  {
    name: "an error has no body",
    breaks: "what does not exist is NotFound",
    answer: (answer) => {
      if (answer.status === 404) answer.body = {};
    },
  },
  {
    name: "label selectors are ignored",
    breaks: "a list holds what its selectors pick",
    request: ({ url }) => url.searchParams.delete("labelSelector"),
  },
  {
    name: "field selectors are ignored",
    breaks: "a list holds what its selectors pick",
    request: ({ url }) => url.searchParams.delete("fieldSelector"),
  },
  {
    name: "the resourceVersion never changes",
    breaks: "every change gives another resourceVersion, and a change of an older one is a conflict",
    ...telling(({ metadata }) => void (metadata.resourceVersion = "1")),
  },
  {
    name: "the last writer wins",
    breaks: "every change gives another resourceVersion, and a change of an older one is a conflict",
    request: ({ body }) => {
      if (body?.metadata) delete body.metadata.resourceVersion;
    },
  },
  {
    name: "null in a patch changes nothing",
    breaks: "a merge patch changes what it names, and null removes",
    request: ({ method, body }) => {
      if (method === "PATCH") delete body.spec?.ttlSecondsAfterFinished;
    },
  },
  {
    name: "a watch misses every third event",
    breaks: "a watch goes on where a list ended, and misses nothing that happens",
    event: everyThird(),
  },
  {
    name: "a watch begins with the present whatever its resourceVersion",
    breaks: "a watch tells what happened since a resourceVersion, each change once and in order",
    request: ({ url }) => url.searchParams.delete("resourceVersion"),
  },
  {
    name: "a watch tells no deletions",
    breaks: "an informer follows a Job from its beginning to its end",
    event: (event) => (event.type === "DELETED" ? undefined : event),
  },
  {
    name: "an old resourceVersion is taken for the present",
    breaks: "a resourceVersion that is too old is Expired",
    request: ({ url }) => {
      if (url.searchParams.get("resourceVersion") === "1") url.searchParams.delete("resourceVersion");
    },
  },
  {
    name: "a watch never ends",
    breaks: "a watch ends when its time is over",
    request: ({ url }) => url.searchParams.delete("timeoutSeconds"),
  },
  {
    name: "every exit code but 0 is 1",
    breaks: "the exit code is the program's, or 128 and the signal's number",
    ...telling((object) => {
      const ended = object.status?.containerStatuses?.[0]?.state.terminated;
      if (ended?.exitCode) ended.exitCode = 1;
    }),
  },
  {
    name: "a termination message is not kept",
    breaks: "a termination message is kept, up to 4096 bytes",
    ...telling((object) => delete object.status?.containerStatuses?.[0]?.state.terminated?.message),
  },
  {
    name: "a pod is ready as soon as it runs",
    breaks: "a pod whose probe fails runs, and is not ready",
    ...creatingJobs((job) => delete job.spec.template.spec.containers[0].readinessProbe),
  },
  {
    name: "variables are not expanded",
    breaks: "variables are expanded, in order, and in the command",
    ...creatingJobs((job) => {
      for (const variable of job.spec.template.spec.containers[0].env)
        variable.value &&= variable.value.replaceAll("$", "$$$$");
    }),
  },
  {
    name: "files of a secret have the mode that is usual",
    breaks: "a pod waits for its secret, and finds its files with their mode",
    ...creatingJobs((job) => delete job.spec.template.spec.volumes[0].secret.defaultMode),
  },
  {
    name: "a pod is killed without grace",
    breaks: "a pod that is deleted has its grace period, and is there until its program has ended",
    request: ({ method, url }) => {
      if (method === "DELETE" && url.pathname.includes("/pods/")) url.searchParams.set("gracePeriodSeconds", "0");
    },
  },
  {
    name: "a Deployment is available whatever its probes say",
    breaks: "a Deployment whose probe is wrong is not available, and says when it gets on no more",
    ...creating("Deployment", (deployment) => delete deployment.spec.template.spec.containers[0].readinessProbe),
  },
  {
    name: "a pod that goes is not replaced",
    breaks: "a Deployment is available when its pods are ready, and another pod comes for one that goes",
    request: (request) => {
      // It is not deleted at all, and nothing comes in its place.
      if (request.method === "DELETE" && request.url.pathname.includes("/pods/")) {
        request.url.searchParams.set("dryRun", "All");
      }
    },
  },
  {
    name: "every update may have one pod too few",
    breaks: "an update with maxUnavailable 0 never has fewer pods available than are wanted",
    ...creating("Deployment", (deployment) => {
      if (deployment.spec.strategy) deployment.spec.strategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
    }),
  },
  {
    name: "scaling changes nothing",
    breaks: "a Deployment is scaled by its subresource",
    request: ({ method, url }) => {
      if (method === "PUT" && url.pathname.endsWith("/scale")) url.searchParams.set("dryRun", "All");
    },
  },
  {
    name: "a pod needs no service account",
    breaks: "a pod whose service account is missing is refused, and its owner says so",
    ...creatingJobs((job) => delete job.spec.template.spec.serviceAccountName),
  },
  {
    name: "budgets are not looked at",
    breaks: "an eviction that the budget forbids is TooManyRequests, and one that it allows ends the pod",
    request: ({ body }) => {
      if (body?.kind === "PodDisruptionBudget") body.spec.minAvailable = 0;
    },
  },
  {
    name: "an eviction that is allowed ends nothing",
    breaks: "an eviction that the budget forbids is TooManyRequests, and one that it allows ends the pod",
    request: ({ url }) => {
      if (url.pathname.endsWith("/eviction")) url.searchParams.set("dryRun", "All");
    },
  },
  {
    name: "limits are ignored",
    breaks: "a list with a limit goes on where it ended, and holds everything once",
    request: ({ url }) => url.searchParams.delete("limit"),
  },
  {
    name: "every page is the first",
    breaks: "a list with a limit goes on where it ended, and holds everything once",
    request: ({ url }) => url.searchParams.delete("continue"),
  },
  {
    name: "every manager is the same",
    breaks: "what a manager applies no more is gone, and what another applies is a conflict unless it is forced",
    request: ({ url }) => {
      if (url.searchParams.has("fieldManager")) url.searchParams.set("fieldManager", "one");
    },
  },
  {
    name: "what is applied no more stays",
    breaks: "what a manager applies no more is gone, and what another applies is a conflict unless it is forced",
    request: (request) => {
      if (request.headers["content-type"] === "application/apply-patch+yaml" && request.body.data.a === "2")
        request.body.data.b = "1";
    },
  },
];

function everyThird() {
  let count = 0;
  return (event: Message) => ((count += 1) % 3 === 0 ? undefined : event);
}

/** What does not come about within this is taken not to, in milliseconds. */
const patienceMilliseconds = 3000;

suite("the contract catches", { concurrency: 16 }, () => {
  for (const lie of lies) {
    test(lie.name, { timeout: 60_000 }, async () => {
      const { subject, close } = await openThrough(lie);
      try {
        await assertCaught(kubernetesContract, lie, { ...subject, patienceMilliseconds });
      } finally {
        await close();
      }
    });
  }
});

suite("the contract holds through a proxy that does not lie", { concurrency: 8 }, () => {
  let honest: Awaited<ReturnType<typeof openThrough>>;
  before(async () => void (honest = await openThrough({})));
  after(() => honest.close());

  const caught = new Set(lies.map(({ breaks }) => breaks));
  for (const { name, check } of kubernetesContract.filter((each) => caught.has(each.name))) {
    test(name, { timeout: 60_000 }, () => check(honest.subject));
  }
});

async function openThrough(
  distortion: Distortion,
): Promise<{ subject: KubernetesSubject; close: () => Promise<void> }> {
  const proxies: { close: () => Promise<void> }[] = [];
  const kubeconfigOf = async (standIn: Kubernetes) => {
    const proxy = await startLyingProxy(standIn, distortion);
    proxies.push(proxy);
    return proxy.kubeconfigPath;
  };
  const subject = await openStandIn({ kubeconfigOf });
  return {
    subject,
    async close() {
      for (const proxy of proxies) await proxy.close();
      await subject.close();
    },
  };
}
