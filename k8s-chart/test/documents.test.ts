import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { find, type KubernetesObject, profileNames, render, skip } from "./support/helm.ts";
import { problemsOf } from "./support/models.ts";

/** Maps in which every key is the author's own. */
const freeForm = new Set([
  "labels",
  "annotations",
  "matchLabels",
  "data",
  "hard",
  "requests",
  "limits",
  "max",
  "default",
  "defaultRequest",
]);
// Of GCPBackendPolicy and HealthCheckPolicy, `default` is an ordinary object.
const isFreeForm = (key: string, kind: string) => freeForm.has(key) && !(key === "default" && kind.endsWith("Policy"));

/** Every object of a document that has named fields, with where it is. */
function* objectsOf(
  value: unknown,
  kind: string,
  path = "",
): Generator<{ object: Record<string, unknown>; path: string }> {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* objectsOf(each, kind, `${path}[${index}]`);
  } else if (typeof value === "object" && value !== null) {
    yield { object: value as Record<string, unknown>, path };
    for (const [key, each] of Object.entries(value)) {
      if (!isFreeForm(key, kind) || Array.isArray(each)) yield* objectsOf(each, kind, `${path}.${key}`);
    }
  }
}

const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.name}`;

suite("Every document of the chart", { skip }, () => {
  for (const profile of profileNames) {
    test(`has known fields of the right types alone: ${profile}`, async () => {
      const documents = await render(profile);
      assert.ok(documents.length > 10);
      const problems = await Promise.all(
        documents.map(async (document) =>
          (await problemsOf(document)).map((problem) => `${nameOf(document)}: ${problem}`),
        ),
      );
      assert.deepEqual(problems.flat(), []);
    });
  }

  test("would be noticed with one unknown field, wherever it is", async () => {
    const documents = await Promise.all(profileNames.map((profile) => render(profile)));
    const kinds = new Map(documents.flat().map((document) => [`${document.apiVersion} ${nameOf(document)}`, document]));
    let tried = 0;
    for (const document of kinds.values()) {
      for (const { object, path } of objectsOf(document, document.kind)) {
        object["typo"] = 1;
        const problems = await problemsOf(document);
        assert.equal(problems.length > 0, true, `${nameOf(document)}${path}.typo passes`);
        delete object["typo"];
        tried += 1;
      }
      assert.deepEqual(await problemsOf(document), []);
    }
    assert.ok(tried > 300);
  });

  test("would be noticed with a value of another type", async () => {
    const deployment = find(await render("production"), "Deployment", "cliscale-gateway");
    deployment["spec"].template.spec.terminationGracePeriodSeconds = "soon";
    assert.equal((await problemsOf(deployment)).length, 1);
  });

  test("is of this release, or of the namespace of the runners", async () => {
    for (const profile of profileNames) {
      for (const document of await render(profile)) {
        assert.ok([undefined, "cliscale-runners"].includes(document.metadata.namespace), nameOf(document));
        assert.equal(document.metadata.labels?.["app.kubernetes.io/part-of"], "cliscale", nameOf(document));
      }
    }
  });
});
