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
  message NamespaceSpec { repeated string finalizers = 1; }
  message NamespaceStatus { optional string phase = 1; }
  message Namespace { optional ObjectMeta metadata = 1; optional NamespaceSpec spec = 2; optional NamespaceStatus status = 3; }
  message ServiceAccount { optional ObjectMeta metadata = 1; optional bool automountServiceAccountToken = 4; }
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
  message AccessStatus { optional bool allowed = 1; optional string reason = 2; optional string evaluationError = 3; optional bool denied = 4; }
  message RulesStatus { optional bool incomplete = 3; optional string evaluationError = 4; }
  message UserInfo { optional string username = 1; optional string uid = 2; }
  message SelfStatus { optional UserInfo userInfo = 1; }
  message SelfSubjectAccessReview { optional ObjectMeta metadata = 1; optional SelfSubjectAccessReviewSpec spec = 2; optional AccessStatus status = 3; }
  message SelfSubjectRulesReview { optional ObjectMeta metadata = 1; optional SelfSubjectRulesReviewSpec spec = 2; optional RulesStatus status = 3; }
  message SelfSubjectReview { optional ObjectMeta metadata = 1; optional SelfStatus status = 2; }
`;

const kinds = new Set([
  "Secret",
  "ConfigMap",
  "Namespace",
  "ServiceAccount",
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

/** A field that is not in the schema would be lost without a word: what is encoded again must be as long as it was. */
function decode(kind: string, bytes: Uint8Array): unknown {
  const type = root.lookupType(kind);
  const message = parse(type, bytes);
  if (type.encode(message).finish().length !== bytes.length) {
    throw unsupportedMediaType(`application/json (this ${kind} has fields that are not read as protobuf)`);
  }
  return type.toObject(message, { longs: Number, bytes: String });
}

function parse(type: protobuf.Type, bytes: Uint8Array): protobuf.Message {
  try {
    return type.decode(bytes);
  } catch {
    throw badRequest(`the body of the request is not a valid ${type.name} in protobuf`);
  }
}

/** Without what only the API server sets, times among it, which have another form in JSON. */
function metadataOf(metadata: Record<string, unknown>) {
  const { creationTimestamp: _created, deletionTimestamp: _deleted, managedFields: _managed, ...rest } = metadata;
  const { generation: _generation, ...sent } = rest;
  return { metadata: sent };
}

/** Fields whose keys are the client's own: an empty value means something there. */
const maps = new Set(["annotations", "binaryData", "data", "labels", "stringData"]);

/** Go writes texts that are empty; JSON leaves them out. */
function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, inner]) => inner !== "");
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, isRecord(inner) && !maps.has(key) ? withoutEmpty(inner) : inner]),
  );
}
