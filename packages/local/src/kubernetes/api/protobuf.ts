import protobuf from "protobufjs";
import { isRecord } from "./decode.ts";
import { badRequest, unsupportedMediaType } from "./statusError.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

/** What a body in this encoding begins with: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const magic = Buffer.from("k8s\0");

// The fields of those messages that clients written in Go send this way; all others they send as JSON.
// https://github.com/kubernetes/api/blob/master/core/v1/generated.proto and its siblings
const schema = `
  syntax = "proto2";
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; optional string contentEncoding = 3; optional string contentType = 4; }
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message Time { optional int64 seconds = 1; optional int32 nanos = 2; }
  message OwnerReference {
    optional string kind = 1; optional string name = 3; optional string uid = 4; optional string apiVersion = 5;
    optional bool controller = 6; optional bool blockOwnerDeletion = 7;
  }
  message ObjectMeta {
    optional string name = 1; optional string generateName = 2; optional string namespace = 3; optional string selfLink = 4;
    optional string uid = 5; optional string resourceVersion = 6; optional int64 generation = 7;
    optional Time creationTimestamp = 8; optional Time deletionTimestamp = 9; optional int64 deletionGracePeriodSeconds = 10;
    map<string, string> labels = 11; map<string, string> annotations = 12; repeated OwnerReference ownerReferences = 13;
    repeated string finalizers = 14; repeated bytes managedFields = 17;
  }
  message Secret { optional ObjectMeta metadata = 1; map<string, bytes> data = 2; optional string type = 3; map<string, string> stringData = 4; optional bool immutable = 5; }
  message ConfigMap { optional ObjectMeta metadata = 1; map<string, string> data = 2; map<string, bytes> binaryData = 3; optional bool immutable = 4; }
  message Preconditions { optional string uid = 1; optional string resourceVersion = 2; }
  message DeleteOptions {
    optional int64 gracePeriodSeconds = 1; optional Preconditions preconditions = 2; optional bool orphanDependents = 3;
    optional string propagationPolicy = 4; repeated string dryRun = 5;
  }
  message Eviction { optional ObjectMeta metadata = 1; optional DeleteOptions deleteOptions = 2; }
  message ResourceAttributes { optional string namespace = 1; optional string verb = 2; optional string group = 3; optional string version = 4; optional string resource = 5; optional string subresource = 6; optional string name = 7; }
  message NonResourceAttributes { optional string path = 1; optional string verb = 2; }
  message SelfSubjectAccessReviewSpec { optional ResourceAttributes resourceAttributes = 1; optional NonResourceAttributes nonResourceAttributes = 2; }
  message SelfSubjectRulesReviewSpec { optional string namespace = 1; }
  message ReviewStatus {}
  message SelfSubjectAccessReview { optional ObjectMeta metadata = 1; optional SelfSubjectAccessReviewSpec spec = 2; optional ReviewStatus status = 3; }
  message SelfSubjectRulesReview { optional ObjectMeta metadata = 1; optional SelfSubjectRulesReviewSpec spec = 2; optional ReviewStatus status = 3; }
  message SelfSubjectReview { optional ObjectMeta metadata = 1; optional ReviewStatus status = 2; }
`;

const kinds = new Set([
  "Secret",
  "ConfigMap",
  "DeleteOptions",
  "Eviction",
  "SelfSubjectAccessReview",
  "SelfSubjectRulesReview",
  "SelfSubjectReview",
]);

const { root } = protobuf.parse(schema);

/**
 * A body in the API's protobuf encoding, as the JSON that it stands for.
 * @throws StatusError 400 for what is none, 415 for a kind or a field that is only read as JSON.
 */
export function decodeProtobuf(body: Buffer): unknown {
  if (!body.subarray(0, magic.length).equals(magic)) throw badRequest("the body of the request is not valid protobuf");
  const envelope = decode("Unknown", body.subarray(magic.length)) as {
    typeMeta?: { apiVersion?: string; kind?: string };
    raw?: string;
  };
  const { apiVersion = "", kind = "" } = envelope.typeMeta ?? {};
  if (!kinds.has(kind)) throw unsupportedMediaType(`application/json (${kind} is not read as protobuf)`);
  const message = decode(kind, Buffer.from(envelope.raw ?? "", "base64")) as Record<string, unknown>;
  const { status: _status, ...fields } = message;
  return withoutEmpty({
    apiVersion,
    kind,
    ...fields,
    ...(isRecord(fields["metadata"]) && metadataOf(fields["metadata"])),
  });
}

function decode(kind: string, bytes: Uint8Array): unknown {
  const type = root.lookupType(kind);
  try {
    const message = type.decode(bytes);
    return type.toObject(message, { longs: Number, bytes: String });
  } catch {
    throw badRequest(`the body of the request is not a valid ${kind} in protobuf`);
  }
}

/** Without what only the API server sets, times among it, which have another form in JSON. */
function metadataOf(metadata: Record<string, unknown>) {
  const { creationTimestamp: _created, deletionTimestamp: _deleted, managedFields: _managed, ...rest } = metadata;
  return { metadata: rest };
}

/** Go writes fields that are empty; JSON leaves them out. */
function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, inner]) => inner !== "" && inner !== 0);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, isRecord(inner) && key !== "data" ? withoutEmpty(inner) : inner]),
  );
}
