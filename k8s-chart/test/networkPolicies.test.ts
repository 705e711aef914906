import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { find, type KubernetesObject, profileNames, render, skip } from "./support/helm.ts";
import { type Endpoint, isAllowed, isPolicy } from "./support/networkPolicies.ts";
import { sessionJob } from "./support/session.ts";

const session = sessionJob();
const inNamespace = (namespace: string, labels: Record<string, string>, ip: string): Endpoint => ({
  ip,
  pod: { namespace, labels },
});
const outside = (ip: string, host?: string): Endpoint => ({ ip, ...(host && { host }) });

/** Who there is, beside the chart's own pods. */
const others = {
  session: inNamespace("cliscale-runners", session.spec!.template.metadata!.labels!, "10.64.1.1"),
  otherSession: inNamespace("cliscale-runners", session.spec!.template.metadata!.labels!, "10.64.1.2"),
  stranger: inNamespace("default", { app: "stranger" }, "10.64.9.1"),
  neighbour: inNamespace("cliscale", { app: "neighbour" }, "10.64.9.2"),
  falseGateway: inNamespace("default", { "cliscale.dev/access-runners": "true" }, "10.64.9.3"),
  falseSession: inNamespace("default", session.spec!.template.metadata!.labels!, "10.64.9.4"),
  kubeDns: inNamespace("kube-system", { "k8s-app": "kube-dns" }, "10.64.0.2"),
  metricsServer: inNamespace("kube-system", { "k8s-app": "metrics-server" }, "10.64.0.3"),
  collector: inNamespace("gmp-system", { app: "collector" }, "10.64.0.4"),
  loadBalancer: outside("35.191.4.4"),
  healthCheck: outside("130.211.1.9"),
  browser: outside("198.51.100.7"),
  nodeDns: outside("169.254.20.10"),
  postgres: outside("10.100.0.5"),
  otherDatabase: outside("10.101.0.5"),
  metadata: outside("169.254.169.254"),
  oldMetadata: outside("169.254.169.252"),
  metadata6: outside("fd20:ce::254"),
  apiServer: outside("172.16.0.2"),
  node: outside("10.128.0.7"),
  homeNetwork: outside("192.168.1.1"),
  sharedNetwork: outside("100.64.0.1"),
  benchmarks: outside("198.18.0.1"),
  reserved: outside("240.0.0.1"),
  multicast: outside("224.0.0.251"),
  googleInside: outside("199.36.153.8"),
  serviceRange: outside("34.118.225.1"),
  linkLocal6: outside("fe80::1"),
  uniqueLocal6: outside("fd00::1"),
  github: outside("140.82.121.3", "github.com"),
  github6: outside("2606:50c0:8000::153", "raw.githubusercontent.com"),
  registry: outside("203.0.113.10", "registry.example.com"),
  agentApi: outside("203.0.113.11", "api.agents.example.com"),
  deepApi: outside("203.0.113.12", "eu.api.agents.example.com"),
  elsewhere: outside("203.0.113.99", "elsewhere.example.org"),
};
type Own = "gateway" | "migration" | "test" | "placeholder";
type Name = keyof typeof others | Own;
type Row = [from: Name, to: Name, port: number, allowed: boolean, protocol?: "UDP"];

// Session alone: what a hostile program could try. Whatever is not said here is refused as well.
const rows: Row[] = [
  ["session", "kubeDns", 53, true, "UDP"],
  ["session", "kubeDns", 53, true],
  ["session", "nodeDns", 53, true, "UDP"],
  ["session", "kubeDns", 443, false],
  ["session", "metricsServer", 53, false],
  ["session", "github", 443, true],
  ["session", "github", 22, false],
  ["session", "github", 80, false],
  ["session", "github", 443, false, "UDP"],
  ["session", "otherSession", 7681, false],
  ["session", "otherSession", 22, false],
  ["session", "gateway", 8080, false],
  ["session", "gateway", 9464, false],
  ["session", "placeholder", 7681, false],
  ["session", "stranger", 443, false],
  ["session", "postgres", 5432, false],
  ["session", "postgres", 443, false],
  ["session", "metadata", 80, false],
  ["session", "metadata", 443, false],
  ["session", "metadata", 53, false, "UDP"],
  ["session", "oldMetadata", 988, false],
  ["session", "metadata6", 443, false],
  ["session", "apiServer", 443, false],
  ["session", "node", 443, false],
  ["session", "node", 10250, false],
  ["session", "homeNetwork", 443, false],
  ["session", "sharedNetwork", 443, false],
  ["session", "benchmarks", 443, false],
  ["session", "reserved", 443, false],
  ["session", "multicast", 443, false],
  ["session", "googleInside", 443, false],
  ["session", "serviceRange", 443, false],
  ["session", "linkLocal6", 443, false],
  ["session", "uniqueLocal6", 443, false],
  ["gateway", "session", 7681, true],
  ["gateway", "session", 22, false],
  ["gateway", "falseSession", 7681, false],
  ["gateway", "placeholder", 7681, false],
  ["falseGateway", "session", 7681, false],
  ["stranger", "session", 7681, false],
  ["neighbour", "session", 7681, false],
  ["migration", "session", 7681, false],
  ["test", "session", 7681, false],
  ["browser", "session", 7681, false],
  ["loadBalancer", "session", 7681, false],
  ["stranger", "placeholder", 80, false],
  ["placeholder", "github", 443, false],
  ["placeholder", "kubeDns", 53, false, "UDP"],
  ["loadBalancer", "gateway", 8080, true],
  ["healthCheck", "gateway", 9464, true],
  ["healthCheck", "gateway", 22, false],
  ["browser", "gateway", 8080, false],
  ["stranger", "gateway", 8080, false],
  ["stranger", "gateway", 9464, false],
  ["neighbour", "gateway", 9464, false],
  ["collector", "gateway", 9464, true],
  ["collector", "gateway", 8080, false],
  ["test", "gateway", 8080, true],
  ["test", "gateway", 9464, false],
  ["test", "kubeDns", 53, true, "UDP"],
  ["test", "postgres", 5432, false],
  ["test", "github", 443, false],
  ["gateway", "postgres", 5432, true],
  ["gateway", "postgres", 22, false],
  ["gateway", "otherDatabase", 5432, false],
  ["gateway", "kubeDns", 53, true, "UDP"],
  ["gateway", "github", 443, true],
  ["gateway", "apiServer", 443, false],
  ["gateway", "metadata", 80, true],
  ["gateway", "metadata", 443, false],
  ["gateway", "oldMetadata", 988, true],
  ["gateway", "stranger", 443, false],
  ["gateway", "migration", 443, false],
  ["migration", "postgres", 5432, true],
  ["migration", "kubeDns", 53, true, "UDP"],
  ["migration", "metadata", 80, true],
  ["migration", "oldMetadata", 988, true],
  ["migration", "github", 443, false],
  ["stranger", "migration", 80, false],
  ["stranger", "test", 80, false],
];

/** Where sessions reach any public address at port 443, and where only those that have been named. */
const publicRows: Row[] = [...rows, ["session", "github6", 443, true], ["session", "elsewhere", 443, true]];
const namedRows: Row[] = [
  ...rows,
  ["session", "github6", 443, true],
  ["session", "registry", 443, true],
  ["session", "agentApi", 443, true],
  ["session", "deepApi", 443, false],
  ["session", "registry", 80, false],
  ["session", "elsewhere", 443, false],
];

const labelsOf = (documents: KubernetesObject[], kind: string, name: string): Record<string, string> => {
  const { metadata, spec } = find(documents, kind, name);
  return kind === "Pod" ? metadata.labels! : spec.template.metadata.labels;
};

function endpointsOf(documents: KubernetesObject[]): Record<Name, Endpoint> {
  const pod = (namespace: string, kind: string, name: string, ip: string) =>
    inNamespace(namespace, labelsOf(documents, kind, name), ip);
  return {
    ...others,
    gateway: pod("cliscale", "Deployment", "cliscale-gateway", "10.64.2.1"),
    migration: pod("cliscale", "Job", "cliscale-migration", "10.64.2.2"),
    test: pod("cliscale", "Pod", "cliscale-test", "10.64.2.3"),
    placeholder: pod("cliscale-runners", "Deployment", "cliscale-placeholder", "10.64.2.4"),
  };
}

/** The rows that are otherwise than the table says. */
function wrong(documents: KubernetesObject[], endpoints: Record<Name, Endpoint>, table: Row[]): string[] {
  return table.flatMap(([from, to, port, allowed, udp]) => {
    const protocol = udp ?? "TCP";
    const is = isAllowed(documents, { from: endpoints[from], to: endpoints[to], port, protocol });
    return is === allowed ? [] : [`${from} --> ${to}:${port}/${protocol} is ${is ? "allowed" : "refused"}`];
  });
}

suite("NetworkPolicies", { skip }, () => {
  for (const [profile, table] of [
    ["production", publicRows],
    ["everything", namedRows],
  ] as const) {
    test(`let through what they should, and nothing else: ${profile}`, async () => {
      assert.ok(table.length >= 40);
      const documents = await render(profile);
      assert.deepEqual(wrong(documents, endpointsOf(documents), table), []);
    });

    test(`are all needed: without any one of them something is otherwise: ${profile}`, async () => {
      const documents = await render(profile);
      const endpoints = endpointsOf(documents);
      const policies = documents.filter(({ kind }) => isPolicy(kind));
      assert.ok(policies.length >= 8);
      for (const policy of policies) {
        const rest = documents.filter((document) => document !== policy);
        assert.notDeepEqual(wrong(rest, endpoints, table), [], policy.metadata.name);
      }
    });

    test(`have no rule too many: without any one of them something is refused: ${profile}`, async () => {
      const documents = await render(profile);
      const endpoints = endpointsOf(documents);
      for (const { kind, metadata, spec } of documents.filter((document) => isPolicy(document.kind))) {
        for (const rules of [spec.ingress ?? [], spec.egress ?? []] as object[][]) {
          for (const index of rules.keys()) {
            const [rule] = rules.splice(index, 1);
            assert.notDeepEqual(wrong(documents, endpoints, table), [], `${kind} ${metadata.name}: rule ${index}`);
            rules.splice(index, 0, rule!);
          }
        }
      }
    });
  }

  test("close the further ranges of the values, of both families", async () => {
    const documents = await render("operator");
    const reaches = (ip: string) => isAllowed(documents, { from: others.session, to: outside(ip), port: 443 });
    assert.ok(reaches("203.0.113.8") && reaches("2001:db9::1"));
    assert.ok(!reaches("203.0.113.7") && !reaches("2001:db8::1"));
  });

  test("give the metadata server to nobody who has no Google identity", async () => {
    const without = ['gateway.googleServiceAccount=""', 'migration.googleServiceAccount=""'];
    const documents = await render("production", ...without);
    const endpoints = endpointsOf(documents);
    for (const name of ["gateway", "migration", "test", "session", "placeholder"] as const) {
      assert.ok(!isAllowed(documents, { from: endpoints[name], to: others.metadata, port: 80 }), name);
    }
  });

  test("let Cloud SQL's connector out, and nothing on the port of a database without it", async () => {
    const documents = await render(
      "production",
      `settings.CLISCALE_CLOUD_SQL_INSTANCE="my-project:us-central1:cliscale"`,
    );
    const endpoints = endpointsOf(documents);
    const table: Row[] = (["gateway", "migration"] as const).flatMap((part): Row[] => [
      [part, "postgres", 3307, true],
      [part, "postgres", 5432, false],
      [part, "elsewhere", 443, true],
      [part, "apiServer", 443, false],
    ]);
    assert.deepEqual(wrong(documents, endpoints, table), []);
  });

  test("are there in every profile but the local one", async () => {
    for (const profile of profileNames) {
      const policies = (await render(profile)).filter(({ kind }) => isPolicy(kind));
      assert.equal(policies.length > 0, profile !== "local", profile);
    }
  });
});
