import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { chart, profiles } from "./support/helm.ts";

const root = join(chart, "..");

// What is used of https://skaffold.dev/docs/references/yaml/, closed.
const config = z.strictObject({
  apiVersion: z.literal("skaffold/v4beta13"),
  kind: z.literal("Config"),
  metadata: z.strictObject({ name: z.string() }),
  build: z.strictObject({
    tagPolicy: z.strictObject({ gitCommit: z.strictObject({}) }),
    artifacts: z.array(
      z.strictObject({
        image: z.string(),
        context: z.literal("."),
        docker: z.strictObject({ dockerfile: z.string(), buildArgs: z.strictObject({ NODE_IMAGE: z.string() }) }),
      }),
    ),
  }),
  deploy: z.strictObject({
    helm: z.strictObject({
      releases: z
        .array(
          z.strictObject({
            name: z.string(),
            namespace: z.string(),
            createNamespace: z.boolean(),
            chartPath: z.string(),
            wait: z.literal(true),
            valuesFiles: z.tuple([z.string(), z.literal("{{.CLISCALE_VALUES}}")]),
            setValueTemplates: z.record(z.string(), z.string()),
          }),
        )
        .length(1),
    }),
  }),
  profiles: z.array(
    z.strictObject({
      name: z.string(),
      patches: z.tuple([
        z.strictObject({
          op: z.literal("replace"),
          path: z.literal("/deploy/helm/releases/0/valuesFiles/0"),
          value: z.string(),
        }),
      ]),
    }),
  ),
});

const skaffold = config.parse(parse(await readFile(join(root, "skaffold.yaml"), "utf8")));
const [release] = skaffold.deploy.helm.releases;

suite("skaffold.yaml", () => {
  test("installs the chart with the values of each profile", async () => {
    await access(join(root, release!.chartPath, "Chart.yaml"));
    assert.deepEqual(skaffold.profiles.map(({ name }) => name).toSorted(), ["dev", "production", "staging"]);
    for (const { name, patches } of skaffold.profiles) {
      assert.equal(patches[0].value, `k8s-chart/${profiles[name as "dev"][0]}`);
    }
  });

  test("gives the images that it builds to the values that want them", async () => {
    const images = skaffold.build.artifacts.map(({ image }) => image);
    assert.deepEqual(release!.setValueTemplates, {
      "gateway.image": "{{.IMAGE_FULLY_QUALIFIED_cliscale_gateway}}",
      "settings.CLISCALE_RUNNER_IMAGE": "{{.IMAGE_FULLY_QUALIFIED_cliscale_runner}}",
    });
    assert.deepEqual(images, ["cliscale-gateway", "cliscale-runner"]);
    for (const { docker } of skaffold.build.artifacts) await access(join(root, docker.dockerfile));
  });

  test("and its Dockerfiles run as nobody in particular, on a base that is pinned", async () => {
    for (const { docker } of skaffold.build.artifacts) {
      const lines = (await readFile(join(root, docker.dockerfile), "utf8")).split("\n");
      const bases = lines.filter((line) => line.startsWith("FROM "));
      assert.deepEqual(bases, ["FROM ${NODE_IMAGE} AS build", "FROM ${NODE_IMAGE}"]);
      assert.ok(lines.includes("ARG NODE_IMAGE"), "the base has a default, which goes stale");
      assert.ok(lines.some((line) => line.includes("must be pinned by digest")));
      assert.ok(lines.includes("USER 10001:10001"));
    }
  });
});
