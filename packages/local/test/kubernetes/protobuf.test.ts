import assert from "node:assert/strict";
import { suite, test } from "node:test";
import protobuf from "protobufjs";
import { decodeProtobuf } from "../../src/kubernetes/api/protobuf.ts";

// As a client written in Go has them: empty fields are sent, and times are messages.
const { root } = protobuf.parse(`
  syntax = "proto2";
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; optional string contentEncoding = 3; optional string contentType = 4; }
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message Time { optional int64 seconds = 1; }
  message ObjectMeta { optional string name = 1; optional string generateName = 2; optional Time creationTimestamp = 8; map<string, string> labels = 11; optional string unknown = 99; }
  message Secret { optional ObjectMeta metadata = 1; map<string, bytes> data = 2; optional string type = 3; }
  message DeleteOptions { optional int64 gracePeriodSeconds = 1; optional string propagationPolicy = 4; }
`);

function encode(apiVersion: string, kind: string, message: object): Buffer {
  const type = root.lookupType(kind);
  const raw = type.encode(type.fromObject(message)).finish();
  const envelope = root.lookupType("Unknown");
  const body = { typeMeta: { apiVersion, kind }, raw, contentEncoding: "", contentType: "" };
  return Buffer.concat([Buffer.from("k8s\0"), envelope.encode(envelope.fromObject(body)).finish()]);
}

suite("the API's protobuf encoding", () => {
  test("stands for the JSON of the same object", () => {
    const metadata = { name: "a", generateName: "", creationTimestamp: {}, labels: { owner: "helm", empty: "" } };
    const data = { release: Buffer.from([0, 255]), empty: Buffer.alloc(0) };
    assert.deepEqual(decodeProtobuf(encode("v1", "Secret", { metadata, data, type: "helm.sh/release.v1" })), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", labels: { owner: "helm", empty: "" } },
      data: { release: "AP8=", empty: "" },
      type: "helm.sh/release.v1",
    });
  });

  test("keeps a number that means something although it is 0", () => {
    const options = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
    assert.deepEqual(decodeProtobuf(encode("v1", "DeleteOptions", options)), {
      apiVersion: "v1",
      kind: "DeleteOptions",
      ...options,
    });
  });

  test("is refused for what would be lost", () => {
    const unknown = encode("v1", "Secret", { metadata: { name: "a", unknown: "b" } });
    assert.throws(() => decodeProtobuf(unknown), { message: /this Secret has fields that are not read as protobuf/ });
    const pod = Buffer.from(encode("v1", "Secret", {}))
      .toString("latin1")
      .replace("\x06Secret", "\x06Binder");
    assert.throws(() => decodeProtobuf(Buffer.from(pod, "latin1")), { message: /Binder is not read as protobuf/ });
    assert.throws(() => decodeProtobuf(Buffer.from("k8s\0\xff\xff\xff")), { message: /not a valid Unknown/ });
    assert.throws(() => decodeProtobuf(Buffer.from("{}")), { message: /not valid protobuf/ });
  });
});
