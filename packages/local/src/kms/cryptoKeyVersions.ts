import * as z from "zod";
import { page } from "../grpc/page.ts";
import { fieldMask, pageFields, parseRequest } from "../grpc/request.ts";
import type { Handlers } from "../grpc/server.ts";
import { StatusError } from "../grpc/statusError.ts";
import { timestamp } from "../grpc/time.ts";
import type { Kms } from "./kms.ts";
import { childrenOf, cryptoKeyName, parentOf, versionName } from "./names.ts";
import { pageLimits } from "./pageLimits.ts";
import { type CryptoKey, find, insert, type KmsState, type Version } from "./state.ts";

const createRequest = z.strictObject({ parent: cryptoKeyName, cryptoKeyVersion: z.strictObject({}).optional() });
const nameRequest = z.strictObject({ name: versionName });
const listRequest = z.strictObject({ parent: cryptoKeyName, ...pageFields });
const updateRequest = z.strictObject({
  // Clients may send the version as they got it: what the mask does not name is not read.
  cryptoKeyVersion: z.looseObject({ name: versionName, state: z.unknown() }, { error: "is required" }),
  updateMask: fieldMask.pipe(z.array(z.string()).nonempty("must name the fields to update")),
});
const newState = z.enum(["ENABLED", "DISABLED"]);

/** The states of a version and what leads from one to another: https://cloud.google.com/kms/docs/key-states */
export function cryptoKeyVersionHandlers({ file, now, generate }: Kms) {
  return {
    async CreateCryptoKeyVersion(request) {
      const { parent } = parseRequest(createRequest, request);
      const version = await file.update((state) => addVersion(state, find(state.cryptoKeys, parent), now()));
      generate(version.name);
      return message(version);
    },

    GetCryptoKeyVersion(request) {
      const { name } = parseRequest(nameRequest, request);
      return message(find(file.state.versions, name));
    },

    ListCryptoKeyVersions(request) {
      const { parent, ...pageRequest } = parseRequest(listRequest, request);
      find(file.state.cryptoKeys, parent);
      const versions = childrenOf(file.state.versions, parent);
      const { items, nextPageToken } = page(versions, pageRequest, pageLimits);
      return { cryptoKeyVersions: items.map(message), nextPageToken, totalSize: versions.length };
    },

    async UpdateCryptoKeyVersion(request) {
      const { cryptoKeyVersion, updateMask } = parseRequest(updateRequest, request);
      for (const path of updateMask) requireUpdatable(path);
      const target = newState.safeParse(cryptoKeyVersion.state);
      if (!target.success)
        throw new StatusError("INVALID_ARGUMENT", "state: can be updated to ENABLED and DISABLED only");
      return file.update((state) => {
        const version = find(state.versions, cryptoKeyVersion.name);
        requireState(version, "ENABLED", "DISABLED");
        version.state = target.data;
        return message(version);
      });
    },

    async DestroyCryptoKeyVersion(request) {
      const { name } = parseRequest(nameRequest, request);
      return file.update((state) => {
        const version = find(state.versions, name);
        requireState(version, "ENABLED", "DISABLED");
        const { destroyScheduledSeconds } = find(state.cryptoKeys, parentOf(name));
        version.state = "DESTROY_SCHEDULED";
        version.destroyTime = new Date(now().getTime() + destroyScheduledSeconds * 1000).toISOString();
        return message(version);
      });
    },

    async RestoreCryptoKeyVersion(request) {
      const { name } = parseRequest(nameRequest, request);
      return file.update((state) => {
        const version = find(state.versions, name);
        requireState(version, "DESTROY_SCHEDULED");
        version.state = "DISABLED";
        delete version.destroyTime;
        return message(version);
      });
    },
  } satisfies Handlers;
}

/** Adds a version that waits for its key. Numbers of versions are never used again. */
export function addVersion(state: KmsState, { name, algorithm }: CryptoKey, now: Date): Version {
  const version: Version = {
    name: `${name}/cryptoKeyVersions/${childrenOf(state.versions, name).length + 1}`,
    state: "PENDING_GENERATION",
    algorithm,
    createTime: now.toISOString(),
  };
  insert(state.versions, version);
  return version;
}

/** @throws StatusError FAILED_PRECONDITION */
export function requireState({ name, state }: Version, ...allowed: Version["state"][]): void {
  if (!allowed.includes(state)) {
    throw new StatusError("FAILED_PRECONDITION", `${name} is ${state}: it must be ${allowed.join(" or ")} for this`);
  }
}

function requireUpdatable(path: string): void {
  if (path === "state") return;
  if (path === "external_protection_level_options") {
    throw new StatusError("UNIMPLEMENTED", `this stand-in does not model ${path}`);
  }
  throw new StatusError("INVALID_ARGUMENT", `updateMask: ${path} cannot be updated`);
}

function message(version: Version) {
  return {
    name: version.name,
    state: version.state,
    algorithm: version.algorithm,
    protectionLevel: "SOFTWARE",
    createTime: timestamp(version.createTime),
    generateTime: timestamp(version.generateTime),
    destroyTime: timestamp(version.destroyTime),
    destroyEventTime: timestamp(version.destroyEventTime),
  };
}
