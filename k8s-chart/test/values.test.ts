import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { chart, helm, profileNames, template, valuesArguments, skip } from "./support/helm.ts";

const digest = `sha256:${"0".repeat(64)}`;

suite("The values of the chart", { skip }, () => {
  for (const profile of profileNames) {
    test(`pass helm lint: ${profile}`, async () => {
      const { code, stdout } = await helm("lint", "--strict", chart, ...valuesArguments(profile));
      assert.equal(code, 0, stdout);
    });
  }

  test("that must be given are named when they are not", async () => {
    const { code, stderr } = await helm("template", "cliscale", chart);
    assert.notEqual(code, 0);
    const required = [
      "/settings/CLISCALE_ALLOWED_ORIGINS",
      "/settings/CLISCALE_TOKEN_ISSUER",
      "/settings/CLISCALE_JWKS_URL",
      "/settings/CLISCALE_POD_RANGE",
      "/gateway/image",
      "/gatewayApi/hostname",
      "/gatewayApi/certificateMap",
      "/runner/functionsUser",
      "/network",
    ];
    for (const path of required) assert.ok(stderr.includes(`'${path}`), `${path} is not named:\n${stderr}`);
  });

  test("are all in the schema, which is closed everywhere", async () => {
    const schema = JSON.parse(await readFile(join(chart, "values.schema.json"), "utf8"));
    const values = parse(await readFile(join(chart, "values.yaml"), "utf8"));
    requireClosed(schema, values, "");
  });

  const refused: [what: string, value: string, said: RegExp][] = [
    ["a typo at the top", "gatway={}", /gatway/],
    ["a typo below", "gateway.autoscaling.maxReplica=3", /maxReplica/],
    ["an unknown setting", "settings.CLISCALE_DRAIN=3", /CLISCALE_DRAIN/],
    ["an image by tag", 'gateway.image="registry.example.com/gateway:1.2.3"', /gateway\/image/],
    ["an image without tag and digest", 'gateway.image="registry.example.com/gateway"', /gateway\/image/],
    ["latest", 'gateway.image="registry.example.com/gateway:latest"', /gateway\/image/],
    ["latest beside a digest", `gateway.image="registry.example.com/gateway:latest@${digest}"`, /gateway\/image/],
    ["a runner by tag", 'settings.CLISCALE_RUNNER_IMAGE="runner:1"', /CLISCALE_RUNNER_IMAGE/],
    ["placeholders without an image", 'settings.CLISCALE_RUNNER_IMAGE=""', /CLISCALE_RUNNER_IMAGE/],
    ["a word for a number", 'gateway.preStopSeconds="soon"', /preStopSeconds/],
    ["a drain that Autopilot would cut", "settings.CLISCALE_DRAIN_SECONDS=541", /CLISCALE_DRAIN_SECONDS/],
    ["no replicas", "gateway.autoscaling.minReplicas=0", /minReplicas/],
    ["fewer replicas at most than at least", "gateway.autoscaling.maxReplicas=2", /maxReplicas/],
    ["an origin with a path", 'settings.CLISCALE_ALLOWED_ORIGINS=["https://example.com/"]', /CLISCALE_ALLOWED_ORIGINS/],
    ["a stack that is none", 'monitoring.stack="prometheus"', /monitoring\/stack/],
    ["a user that is no Google account", 'runner.functionsUser="functions"', /functionsUser/],
    ["no database behind policies", "network.databaseCidrs=[]", /databaseCidrs/],
    ["hosts by name without any", "runner.egress.byName=true", /egress\/names/],
    ["a network without prefix", 'network.databaseCidrs=["10.0.0.1"]', /databaseCidrs/],
  ];
  for (const [what, value, said] of refused) {
    test(`are refused with ${what}`, async () => {
      const { code, stderr } = await template("production", value);
      assert.notEqual(code, 0);
      assert.match(stderr, said);
    });
  }

  test("may name a tag beside the digest", async () => {
    const { code } = await template(
      "production",
      `gateway.image="registry.example.com:5000/a/gateway:1.2.3@${digest}"`,
    );
    assert.equal(code, 0);
  });

  test("are documented in README.md as values.yaml describes them: `npm run readme --workspace k8s-chart`", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cliscale-chart-"));
    const readme = join(folder, "README.md");
    await copyFile(join(chart, "README.md"), readme);
    const generator = join(chart, "../node_modules/.bin/readme-generator");
    await promisify(execFile)(generator, ["--values", join(chart, "values.yaml"), "--readme", readme]);
    assert.equal(await readFile(readme, "utf8"), await readFile(join(chart, "README.md"), "utf8"));
    await rm(folder, { recursive: true });
  });
});

interface Schema {
  type?: string;
  additionalProperties?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** The schema names exactly what is in the values, and nothing may be left out of them or added. */
function requireClosed(schema: Schema, values: Record<string, unknown>, path: string): void {
  assert.equal(schema.additionalProperties, false, `${path} is open`);
  assert.deepEqual(Object.keys(schema.properties!).toSorted(), Object.keys(values).toSorted(), path);
  assert.deepEqual(schema.required?.toSorted(), Object.keys(values).toSorted(), path);
  for (const [key, value] of Object.entries(values)) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isObject) requireClosed(schema.properties![key]!, value as Record<string, unknown>, `${path}/${key}`);
  }
}
