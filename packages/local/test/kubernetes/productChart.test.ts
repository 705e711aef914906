// The product's own chart, installed by real helm as `npm start` does it, on a real database.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { type StandInSubject, openStandIn } from "../../contract/kubernetes/subject.ts";
import { succeeded, untilSaid } from "../../contract/kubernetes/steps.ts";
import { productImages } from "../../src/kubernetes/kubelet/images.ts";
import { ensureDatabaseUsers } from "../../src/stack/databaseUsers.ts";
import { applySecrets, release } from "../../src/stack/release.ts";
import { chart, localValues } from "../../src/stack/releaseValues.ts";
import { startEmptyDatabase, type TestDatabase } from "../../src/testing/database.ts";
import { askDuring, changesSince, namesIn, since } from "./happenings.ts";
import { findHelm } from "./tools.ts";

const helm = await findHelm();
const podRange = "127.67.0.0/16";
const gateway = "cliscale-gateway";
/** Of another digest each: for the stand-in the same program. */
const image = (digit: number) => `${gateway}@sha256:${String(digit).repeat(64)}`;
const runnerNamespace = "cliscale-runners";

let database: TestDatabase;
let jwks: Server;

before(async () => {
  database = await startEmptyDatabase();
  await ensureDatabaseUsers(database.url);
  jwks = await serveKeys();
});

after(async () => {
  jwks.close();
  await database.remove();
});

/** A list of keys, as the functions serve it. */
async function serveKeys(): Promise<Server> {
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
  const body = JSON.stringify({ keys: [{ ...key, kid: "test", use: "sig", alg: "RS256" }] });
  const server = createServer((_, response) => response.end(body)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** A cluster with what the chart needs to be there. */
async function openCluster(): Promise<StandInSubject> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "cliscale-chart-"));
  const subject = await openStandIn({
    stateDirectory,
    contents: "bare",
    podRange,
    images: productImages(stateDirectory),
    routePorts: { route: 0, admin: 0 },
  });
  await applySecrets(subject.standIn.kubeconfigPath, database.url);
  return subject;
}

/** Runs helm on a cluster, in the release's namespace. */
function helmOf({ standIn }: StandInSubject) {
  return (...args: string[]) => helm.run([...args, "--namespace", release, "--kubeconfig", standIn.kubeconfigPath]);
}

/** Arguments that give a local stack's values, and some more. */
function values({ standIn }: StandInSubject, more: Record<string, string | number | boolean> = {}): string[] {
  const settings = {
    "settings.CLISCALE_ALLOWED_ORIGINS": "{http://127.0.0.1:5000}",
    "settings.CLISCALE_TOKEN_ISSUER": "test",
    "settings.CLISCALE_JWKS_URL": `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks.json`,
    "settings.CLISCALE_POD_RANGE": `{${podRange}}`,
    "helmTest.gatewayUrl": `ws://127.0.0.1:${standIn.routePorts.route}`,
    "gateway.image": image(1),
    ...more,
  };
  return [
    "--values",
    localValues,
    ...Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
  ];
}

const wait = (seconds: number) => ["--wait", "--timeout", `${seconds}s`];

suite("the chart of the product, by real helm", { skip: helm.skip, timeout: 180_000 }, () => {
  let subject: StandInSubject;
  let run: ReturnType<typeof helmOf>;
  /** As most deployments have it: two gateways, each of which serves on until nobody sends it new connections. */
  const two = { "gateway.replicas": 2, "gateway.podDisruptionBudget": true, "gateway.preStopSeconds": 1 };
  const upgrade = (more: Record<string, string | number | boolean>) =>
    run("upgrade", release, chart, ...values(subject, { ...two, ...more }), ...wait(60));
  const deployment = async () =>
    (await subject.send("GET", `/apis/apps/v1/namespaces/${release}/deployments/${gateway}`)).body;
  const revision = async () => succeeded(await subject.send("GET", "/api/v1/namespaces")).metadata.resourceVersion;
  const askRoute = async () => {
    const answer = await fetch(`http://127.0.0.1:${subject.standIn.routePorts.route}/elsewhere`, {
      headers: { connection: "close" },
    });
    await answer.body?.cancel();
    return String(answer.status);
  };

  before(async () => {
    subject = await openCluster();
    run = helmOf(subject);
  });
  after(() => subject.close());

  test("is without a fault by helm's strictest reading", async () => {
    assert.match(await run("lint", "--strict", chart, ...values(subject)), /0 chart\(s\) failed/);
  });

  test("is installed in order: the migration's account, the migration, and the gateways once that is done", async () => {
    const begin = await revision();
    assert.match(await run("install", release, chart, ...values(subject, two), ...wait(60)), /STATUS: deployed/);
    const accounts = "/api/v1/serviceaccounts";
    const jobs = "/apis/batch/v1/jobs";
    const migration = "cliscale-migration";
    const order = await Promise.all([
      since(subject, begin, accounts, migration, () => true),
      since(subject, begin, jobs, migration, () => true),
      since(subject, begin, jobs, migration, ({ status }) => status.succeeded === 1),
      since(subject, begin, "/apis/apps/v1/deployments", gateway, () => true),
    ]);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.equal((await deployment()).status.availableReplicas, 2, "it did not wait");
    assert.equal(await askRoute(), "404");
  });

  test("speaks to the database as the gateway alone", async () => {
    const users = await query<{ usename: string }>(
      "select distinct usename from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    assert.ok(
      users.every(({ usename }) => usename === "cliscale-gateway"),
      JSON.stringify(users),
    );
  });

  test("passes its own test: a gateway answers, and has its keys", async () => {
    assert.match(await run("test", release, "--logs"), /Phase: +Succeeded[\s\S]*the gateway answers/);
  });

  test("is upgraded with never a gateway too few, and never a connection refused", async () => {
    const begin = await revision();
    const { failures } = await askDuring(upgrade({ "gateway.image": image(2) }), askRoute);
    assert.deepEqual(failures, []);
    const changes = await changesSince(subject, begin, "/apis/apps/v1/deployments");
    const available = changes.map(({ object }) => object.status.availableReplicas as number);
    assert.ok(available.length > 2);
    assert.equal(Math.min(...available), 2, available.join());
    const { spec } = await deployment();
    assert.equal(spec.template.spec.containers[0].image, image(2));
  });

  test("lets one gateway be evicted, and answers 429 to a second eviction", async () => {
    const pods = `/api/v1/namespaces/${release}/pods`;
    const list = async () => (await subject.send("GET", pods)).body as { items: { metadata: { name: string } }[] };
    let { items } = await list();
    // One that the upgrade has replaced may be telling what it knows, and goes.
    for (const end = Date.now() + 30_000; items.length > 2 && Date.now() < end; { items } = await list())
      await delay(50);
    const evict = ({ metadata: { name } }: (typeof items)[0]) =>
      subject.send("POST", `${pods}/${name}/eviction`, {
        body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: release } },
      });
    assert.equal(items.length, 2);
    assert.equal((await evict(items[0]!)).status, 201);
    const second = await evict(items[1]!);
    assert.equal(second.status, 429);
    assert.match(second.text, /disruption budget/);
  });

  test("is not upgraded when the migration fails, and helm says why", async () => {
    const earlier = await deployment();
    // As a build does that is older than the database.
    await query(
      "insert into knex_migrations (name, batch, migration_time) values ('999999_of_a_later_build', 99, now())",
    );
    await assert.rejects(upgrade({ "gateway.image": image(3) }), (error: Error & { stdout: string }) => {
      assert.match(error.stdout + error.message, /999999_of_a_later_build/);
      assert.match(error.message, /pre-upgrade hooks failed/);
      return true;
    });
    await query("delete from knex_migrations where name = '999999_of_a_later_build'");
    assert.deepEqual((await deployment()).spec, earlier.spec);
    assert.match(await run("history", release), /3 .*failed/);
  });

  test("is rolled back", async () => {
    await run("rollback", release, "1", ...wait(60));
    assert.equal((await deployment()).spec.template.spec.containers[0].image, image(1));
    assert.equal(await askRoute(), "404");
  });

  test("is upgraded again once the cause of the failure is gone", async () => {
    await upgrade({ "gateway.image": image(3) });
    assert.equal((await deployment()).spec.template.spec.containers[0].image, image(3));
  });

  test("refuses a typing error in its values", async () => {
    await assert.rejects(upgrade({ "gateway.replica": 3 }), /replica/);
  });

  test("is uninstalled, and nothing is left but what people made by hand", async () => {
    await run("uninstall", release, ...wait(60));
    const end = Date.now() + 30_000;
    const left = () => namesIn(subject, release);
    while ((await left()).some((name) => /^(pods|jobs)/.test(name)) && Date.now() < end) await delay(100);
    assert.deepEqual(await left(), [
      "secrets/cliscale-gateway-database",
      "secrets/cliscale-migration-database",
      "serviceaccounts/default",
    ]);
    assert.deepEqual(await namesIn(subject, runnerNamespace), []);
    const classes = (await subject.send("GET", "/apis/scheduling.k8s.io/v1/priorityclasses")).body as {
      items: { metadata: { name: string } }[];
    };
    assert.ok(classes.items.every(({ metadata }) => metadata.name.startsWith("system-")));
  });
});

/** The chart with a mistake in one of its files. */
async function withMistake(file: string, change: (text: string) => string): Promise<string> {
  const copy = join(await mkdtemp(join(tmpdir(), "cliscale-chart-")), "k8s-chart");
  await cp(chart, copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
  const text = await readFile(join(copy, file), "utf8");
  const changed = change(text);
  assert.notEqual(changed, text);
  await writeFile(join(copy, file), changed);
  return copy;
}

async function requireFailure(
  chartFolder: string,
  more: Record<string, string | boolean>,
  says: RegExp,
): Promise<void> {
  const subject = await openCluster();
  try {
    const given = values(subject, { "migration.enabled": false, ...more });
    await assert.rejects(helmOf(subject)("install", release, chartFolder, ...given, ...wait(10)), /not ready/);
    await untilSaid(subject, release, says);
  } finally {
    await subject.close();
    if (chartFolder !== chart) await rm(join(chartFolder, ".."), { recursive: true });
  }
}

suite(
  "helm --wait fails for the chart of the product",
  { skip: helm.skip, concurrency: true, timeout: 180_000 },
  () => {
    test("with a wrong probe", async () => {
      const copy = await withMistake("templates/gateway/deployment.yaml", (text) => text.replace("/readyz", "/wrong"));
      await requireFailure(copy, {}, /Readiness probe failed: .*statuscode: 404/);
    });

    test("with a Secret that is missing", async () => {
      await requireFailure(chart, { "gateway.databaseSecret": "none" }, /secret "none" not found/);
    });

    test("with a service account that is missing", async () => {
      const copy = await withMistake("templates/gateway/serviceaccount.yaml", () => "");
      await requireFailure(copy, {}, /serviceaccount "cliscale-gateway" not found/);
    });
  },
);

async function query<Row extends object>(text: string): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
