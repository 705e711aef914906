import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type Kubernetes, startKubernetes } from "@cliscale/local/kubernetes";
import { ApiException, KubeConfig, RbacAuthorizationV1Api, type V1Role } from "@kubernetes/client-node";
import { pino } from "pino";
import { type Cluster, createCluster } from "../../functions/src/kubernetes/cluster.ts";
import { podProgram } from "../../functions/test/handlers/podProgram.ts";
import { sessionRow } from "../../functions/test/support/sessionRow.ts";
import { find, type KubernetesObject, render, skip } from "./support/helm.ts";
import { sessionJob, sessionSecret } from "./support/session.ts";

/** What the functions may do to what, and no more. */
const granted = [
  "create jobs",
  "get jobs",
  "list jobs",
  "patch jobs",
  "delete jobs",
  "get pods",
  "list pods",
  "watch pods",
  "create secrets",
];
/** Granted although nothing uses it yet: to look at a single pod by its name. */
const grantedAhead = ["get pods"];

let folder: string;
let kubernetes: Kubernetes;
let cluster: Cluster;
let rbac: RbacAuthorizationV1Api;
let role: V1Role;
let binding: KubernetesObject;

/** What the API server has logged of requests. */
interface Request {
  user: string;
  verb: string;
  resource: string;
  code: number;
}
const requests: Request[] = [];
const logger = pino({ level: "debug" }, { write: (line: string) => void requests.push(JSON.parse(line)) });

const namespace = "cliscale-runners";
const functionsUser = "functions@demo-cliscale.iam.gserviceaccount.com";
/** What the functions have asked for, such as `create jobs`. */
const used = () =>
  new Set(
    requests
      .filter(({ user }) => user === functionsUser)
      .map(({ verb, resource }) => `${verb} ${resource.replace(/\..*/, "")}`),
  );
const verbsOf = ({ rules = [] }: V1Role) =>
  rules.flatMap(({ resources = [], verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );

/** Puts the chart's role into the cluster, and binds it as the chart does. */
async function grant(): Promise<void> {
  const name = role.metadata!.name!;
  await replace(
    () => rbac.deleteNamespacedRole({ namespace, name }),
    () => rbac.createNamespacedRole({ namespace, body: role }),
  );
  await replace(
    () => rbac.deleteNamespacedRoleBinding({ namespace, name }),
    () => rbac.createNamespacedRoleBinding({ namespace, body: binding as never }),
  );
}

async function replace(remove: () => Promise<unknown>, create: () => Promise<unknown>): Promise<void> {
  await remove().catch((error: unknown) => {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  });
  await create();
}

/** Everything that the functions do in a cluster, once, in the order of a session's life. */
async function everythingOnce(): Promise<void> {
  const session = sessionRow({ id: randomUUID(), bundle_source: "template:listen" });
  const job = sessionJob(session, { runnerImage: "test-runner:1", runtimeClass: "" });
  let uid = "";
  // A method that is missing here does not compile.
  const uses: Record<keyof Cluster, () => Promise<unknown>> = {
    createJob: async () => {
      uid = await cluster.createJob(job);
      // A start that is repeated finds the Job there, and reads it.
      await cluster.createJob(job);
    },
    createSecret: () => cluster.createSecret(sessionSecret(session, uid)),
    markWithdrawn: () => cluster.markWithdrawn(session.id, true),
    resumeJob: () => cluster.resumeJob(session.id),
    findJob: () => cluster.findJob(session.id),
    listJobs: () => cluster.listJobs(),
    listPods: () => cluster.listPods(),
    glanceAtPod: () => cluster.glanceAtPod(session.id),
    followPod: () =>
      cluster.followPod(session.id, AbortSignal.timeout(followMilliseconds), () => Promise.resolve(false)),
    followPods: () => cluster.followPods(AbortSignal.timeout(followMilliseconds), () => Promise.resolve()),
    ping: () => cluster.ping(),
    deleteJob: () => cluster.deleteJob(session.id),
  };
  for (const use of Object.values(uses)) await use();
}

/** Long enough for a list and the watch that follows it. */
const followMilliseconds = 3_000;

suite("The Role of the functions", { skip }, () => {
  before(async () => {
    const documents = await render("local");
    role = find(documents, "Role", "cliscale-functions");
    binding = find(documents, "RoleBinding", "cliscale-functions");
    folder = await mkdtemp(join(tmpdir(), "cliscale-role-"));
    kubernetes = await startKubernetes({
      port: 0,
      stateDirectory: folder,
      podRange: "127.93.0.0/16",
      logger,
      images: { "test-runner": podProgram },
      sandbox: false,
    });
    const tokenFile = join(folder, "functions-token");
    await writeFile(tokenFile, kubernetes.tokens.functions, { mode: 0o600 });
    cluster = createCluster({ endpoint: kubernetes.url, caFile: join(folder, "ca.crt"), tokenFile });
    const config = new KubeConfig();
    config.loadFromFile(kubernetes.kubeconfigPath);
    rbac = config.makeApiClient(RbacAuthorizationV1Api);
  });

  after(async () => {
    await kubernetes.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("grants what it should by name, to the functions' account alone, in their namespace alone", () => {
    assert.deepEqual(verbsOf(role).toSorted(), granted.toSorted());
    for (const { apiGroups, resources, verbs } of role.rules!) {
      assert.ok(![...apiGroups!, ...resources!, ...verbs].includes("*"));
      assert.deepEqual(apiGroups, resources!.includes("jobs") ? ["batch"] : [""]);
    }
    assert.equal(binding.metadata.namespace, namespace);
    assert.deepEqual(binding["subjects"], [
      {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "User",
        name: functionsUser,
      },
    ]);
  });

  test("is the only grant of the chart", async () => {
    const documents = await render("everything");
    const grants = documents.filter(({ apiVersion }) => apiVersion.startsWith("rbac."));
    assert.deepEqual(grants.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).toSorted(), [
      "Role cliscale-runners/cliscale-functions",
      "RoleBinding cliscale-runners/cliscale-functions",
    ]);
  });

  test("lets the functions do all that they do", async () => {
    await grant();
    await everythingOnce();
    const refused = requests.filter(({ user, code }) => user === functionsUser && code === 403);
    assert.deepEqual(refused, []);
  });

  for (const each of granted.filter((name) => !grantedAhead.includes(name))) {
    test(`grants, and the functions use: ${each}`, () => {
      assert.ok(verbsOf(role).includes(each), `the functions need ${each}`);
      assert.ok(used().has(each), `nothing uses ${each}`);
    });
  }

  test("grants what the functions use and no more", () => {
    assert.deepEqual(
      verbsOf(role).filter((each) => !used().has(each)),
      grantedAhead.filter((each) => !used().has(each)),
    );
  });
});
