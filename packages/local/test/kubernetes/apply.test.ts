// What server-side apply and strategic merge patches make of lists; the contract has what concerns whole objects.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { applyConfiguration } from "../../src/kubernetes/api/apply.ts";
import { strategicMerge } from "../../src/kubernetes/api/strategicMerge.ts";
import { deployments } from "../../src/kubernetes/resources/deployment.ts";
import type { ApiObject } from "../../src/kubernetes/resources/objects.ts";
import type { ResourceType } from "../../src/kubernetes/resources/resourceType.ts";

const type = deployments as unknown as ResourceType;

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  args?: string[];
  ports?: { containerPort: number; name?: string; protocol?: string }[];
}

const configuration = (containers: Container[], annotations?: Record<string, string>) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a", ...(annotations && { annotations }) },
  spec: { template: { spec: { containers } } },
});

/** Applies one after the other; resolves to the object as it is in the end. */
function applied(...steps: [manager: string, configuration: object, force?: boolean][]): ApiObject {
  let current: ApiObject | undefined;
  for (const [manager, wanted, force = false] of steps) {
    const { object, managedFields } = applyConfiguration(type, current, wanted, { manager, force });
    current = {
      ...(object as unknown as ApiObject),
      metadata: { ...(object["metadata"] as ApiObject["metadata"]), managedFields },
    };
  }
  return current!;
}

const containersOf = ({ spec }: ApiObject) =>
  (spec as { template: { spec: { containers: Container[] } } }).template.spec.containers;

const value = (text: string) => configuration([{ name: "c", args: [text], env: [{ name: "A", value: text }] }]);

suite("an apply", () => {
  test("removes from a list what its manager applies no more, and leaves what another does", () => {
    const one = configuration([
      {
        name: "c",
        env: [
          { name: "A", value: "1" },
          { name: "B", value: "1" },
        ],
      },
    ]);
    const two = configuration([{ name: "c", env: [{ name: "C", value: "2" }] }]);
    const less = configuration([{ name: "c", env: [{ name: "B", value: "1" }] }]);
    const [container] = containersOf(applied(["one", one], ["two", two], ["one", less]));
    assert.deepEqual(container!.env, [
      { name: "B", value: "1" },
      { name: "C", value: "2" },
    ]);
  });

  test("takes a field of an item away, and leaves the item", () => {
    const before = configuration([{ name: "c", args: ["x"], env: [{ name: "A", value: "1" }] }]);
    const after = configuration([{ name: "c", env: [{ name: "A" }] }]);
    assert.deepEqual(containersOf(applied(["one", before], ["one", after])), [{ name: "c", env: [{ name: "A" }] }]);
  });

  test("has lists without keys replaced, and ports told apart by protocol", () => {
    const before = configuration([{ name: "c", args: ["x", "y"], ports: [{ containerPort: 80 }] }]);
    const after = configuration([
      { name: "c", args: ["z"], ports: [{ containerPort: 80, name: "http", protocol: "TCP" }] },
    ]);
    assert.deepEqual(containersOf(applied(["one", before], ["one", after])), [
      { name: "c", args: ["z"], ports: [{ containerPort: 80, name: "http", protocol: "TCP" }] },
    ]);
  });

  test("leaves what nobody applied beside what it takes away", () => {
    const object = applied(["one", configuration([{ name: "c" }], { mine: "1" })]);
    object.metadata.annotations = { ...object.metadata.annotations, restarted: "now" };
    const { object: after } = applyConfiguration(type, object, configuration([{ name: "c" }]), {
      manager: "one",
      force: false,
    });
    assert.deepEqual((after["metadata"] as ApiObject["metadata"]).annotations, { restarted: "now" });
  });

  test("names every field that another manager applies otherwise", () => {
    assert.throws(() => applied(["one", value("1")], ["two", value("2")]), {
      message:
        /^Apply failed with 2 conflicts: conflict with "one": \.spec\.template\.spec\.containers\[name="c"\]\.args, .*\.env\[name="A"\]\.value$/,
    });
    const same = applied(["one", value("1")], ["two", value("1")]);
    assert.equal(same.metadata.managedFields?.length, 2);
    const forced = applied(["one", value("1")], ["two", value("2"), true]);
    assert.deepEqual(containersOf(forced)[0]!.args, ["2"]);
    assert.deepEqual(
      forced.metadata.managedFields?.map(({ manager }) => manager),
      ["two"],
    );
  });

  test("that changes nothing keeps its time", () => {
    const object = applied(["one", configuration([{ name: "c" }])]);
    const aged = object.metadata.managedFields!.map((each) => ({ ...each, time: "2020-01-01T00:00:00Z" }));
    object.metadata.managedFields = aged;
    const again = applyConfiguration(type, object, configuration([{ name: "c" }]), { manager: "one", force: false });
    assert.deepEqual(again.managedFields, aged);
  });
});

suite("a strategic merge patch", () => {
  const object = { spec: { containers: [{ name: "a", image: "1", args: ["x"] }, { name: "b" }], finalizers: ["f"] } };
  const patched = (spec: object) => (strategicMerge(object, { spec }) as typeof object).spec;

  test("changes lists item by item, by their keys", () => {
    const { containers } = patched({ containers: [{ name: "a", image: "2" }, { name: "c" }] });
    assert.deepEqual(containers, [{ name: "a", image: "2", args: ["x"] }, { name: "b" }, { name: "c" }]);
  });

  test("deletes and replaces by its directives", () => {
    const deleted = patched({
      containers: [{ name: "b", $patch: "delete" }],
      "$setElementOrder/containers": [{ name: "a" }],
    });
    assert.deepEqual(deleted.containers, [{ name: "a", image: "1", args: ["x"] }]);
    assert.deepEqual(patched({ containers: [{ $patch: "replace" }, { name: "d" }] }).containers, [{ name: "d" }]);
    assert.deepEqual(patched({ "$deleteFromPrimitiveList/finalizers": ["f"] }).finalizers, []);
    assert.deepEqual(patched({ finalizers: ["g"] }).finalizers, ["f", "g"]);
    assert.deepEqual(patched({ $retainKeys: ["finalizers"] }), { finalizers: ["f"] });
    assert.deepEqual(patched({ containers: { $patch: "delete" } }), { finalizers: ["f"] });
    assert.deepEqual(patched({ $patch: "replace", other: 1 }), { other: 1 });
  });
});
