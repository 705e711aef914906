import { join } from "node:path";
import * as z from "zod";
import { openStateFile, type StateFile } from "../stateFile.ts";
import { StatusError } from "../grpc/statusError.ts";
import { modulusBits } from "./rsaKey.ts";

const time = z.iso.datetime();
const algorithm = z.enum(Object.keys(modulusBits) as (keyof typeof modulusBits)[]);

const keyRing = z.strictObject({ name: z.string(), createTime: time });

const cryptoKey = z.strictObject({
  name: z.string(),
  createTime: time,
  algorithm,
  destroyScheduledSeconds: z.number(),
});

const version = z.strictObject({
  name: z.string(),
  state: z.enum(["PENDING_GENERATION", "ENABLED", "DISABLED", "DESTROY_SCHEDULED", "DESTROYED", "GENERATION_FAILED"]),
  algorithm,
  createTime: time,
  generateTime: time.optional(),
  destroyTime: time.optional(),
  destroyEventTime: time.optional(),
  /** Absent before it is generated and after it is destroyed. */
  key: z.strictObject({ privateKey: z.string(), publicKey: z.string() }).optional(),
});

const binding = z.strictObject({ role: z.string(), members: z.array(z.string()) });

/** All resources, by name. */
const kmsState = z.strictObject({
  keyRings: z.record(z.string(), keyRing),
  cryptoKeys: z.record(z.string(), cryptoKey),
  versions: z.record(z.string(), version),
  /** Who may do what, by the resource. */
  policies: z.record(z.string(), z.array(binding)).default({}),
});

export type KeyRing = z.infer<typeof keyRing>;
export type CryptoKey = z.infer<typeof cryptoKey>;
export type Version = z.infer<typeof version>;
export type Binding = z.infer<typeof binding>;
export type KmsState = z.infer<typeof kmsState>;

/** Private keys included, so the file is readable by this user alone. */
export function openKmsState(stateDir: string): Promise<StateFile<KmsState>> {
  const empty: KmsState = { keyRings: {}, cryptoKeys: {}, versions: {}, policies: {} };
  return openStateFile<KmsState>(join(stateDir, "kms", "state.json"), kmsState, empty);
}

/** @throws StatusError NOT_FOUND */
export function find<Resource>(resources: Record<string, Resource>, name: string): Resource {
  const resource = resources[name];
  if (resource === undefined) throw new StatusError("NOT_FOUND", `${name} not found`);
  return resource;
}

/** @throws StatusError ALREADY_EXISTS */
export function insert<Resource extends { name: string }>(resources: Record<string, Resource>, resource: Resource) {
  if (Object.hasOwn(resources, resource.name)) {
    throw new StatusError("ALREADY_EXISTS", `${resource.name} already exists`);
  }
  resources[resource.name] = resource;
}
