import * as z from "zod";
import { page } from "../grpc/page.ts";
import { pageFields, parseRequest } from "../grpc/request.ts";
import type { Handlers } from "../grpc/server.ts";
import { StatusError } from "../grpc/statusError.ts";
import { duration, durationSeconds, timestamp } from "../grpc/time.ts";
import { addVersion } from "./cryptoKeyVersions.ts";
import type { Kms } from "./kms.ts";
import { childrenOf, cryptoKeyName, idPattern, keyRingName } from "./names.ts";
import { pageLimits } from "./pageLimits.ts";
import { type Algorithm, isAlgorithm } from "./rsaKey.ts";
import { type CryptoKey, find, insert } from "./state.ts";

const day = 24 * 60 * 60;
/** How long versions wait before they are destroyed: https://cloud.google.com/kms/docs/destroy-restore */
const destroyScheduledSeconds = { minimum: day, default: 30 * day, maximum: 120 * day };

const createRequest = z.strictObject({
  parent: keyRingName,
  cryptoKeyId: z.string({ error: "is required" }).regex(idPattern, "must match [a-zA-Z0-9_-]{1,63}"),
  cryptoKey: z.strictObject(
    {
      purpose: z.string({ error: "is required" }),
      versionTemplate: z.strictObject(
        {
          algorithm: z.union([z.string(), z.number()], { error: "is required" }),
          protectionLevel: z.string().optional(),
        },
        { error: "is required" },
      ),
      destroyScheduledDuration: durationSeconds
        .pipe(z.number().min(destroyScheduledSeconds.minimum).max(destroyScheduledSeconds.maximum))
        .default(destroyScheduledSeconds.default),
    },
    { error: "is required" },
  ),
  skipInitialVersionCreation: z.boolean().default(false),
});
const getRequest = z.strictObject({ name: cryptoKeyName });
const listRequest = z.strictObject({ parent: keyRingName, ...pageFields });

export function cryptoKeyHandlers(kms: Kms) {
  const { file, now } = kms;
  return {
    async CreateCryptoKey(request) {
      const {
        parent,
        cryptoKeyId,
        cryptoKey: given,
        skipInitialVersionCreation,
      } = parseRequest(createRequest, request);
      requireSigning(given.purpose, given.versionTemplate.protectionLevel);
      const key: CryptoKey = {
        name: `${parent}/cryptoKeys/${cryptoKeyId}`,
        createTime: now().toISOString(),
        algorithm: signingAlgorithm(given.versionTemplate.algorithm),
        destroyScheduledSeconds: given.destroyScheduledDuration,
      };
      const version = await file.update((state) => {
        find(state.keyRings, parent);
        insert(state.cryptoKeys, key);
        return skipInitialVersionCreation ? undefined : addVersion(state, key, now());
      });
      if (version) kms.generate(version.name);
      return message(key);
    },

    GetCryptoKey(request) {
      const { name } = parseRequest(getRequest, request);
      return message(find(file.state.cryptoKeys, name));
    },

    ListCryptoKeys(request) {
      const { parent, ...pageRequest } = parseRequest(listRequest, request);
      find(file.state.keyRings, parent);
      const keys = childrenOf(file.state.cryptoKeys, parent);
      const { items, nextPageToken } = page(keys, pageRequest, pageLimits);
      return { cryptoKeys: items.map(message), nextPageToken, totalSize: keys.length };
    },
  } satisfies Handlers;
}

function requireSigning(purpose: string, protectionLevel: string | undefined): void {
  if (purpose !== "ASYMMETRIC_SIGN") {
    throw new StatusError("UNIMPLEMENTED", "this stand-in models keys of the purpose ASYMMETRIC_SIGN alone");
  }
  if (protectionLevel !== undefined && protectionLevel !== "SOFTWARE") {
    throw new StatusError("UNIMPLEMENTED", "this stand-in models the protection level SOFTWARE alone");
  }
}

function signingAlgorithm(name: string | number): Algorithm {
  if (isAlgorithm(name)) return name;
  if (typeof name === "string" && /^(RSA|EC|PQ)_SIGN_/.test(name)) {
    throw new StatusError("UNIMPLEMENTED", `this stand-in does not model ${name}: take an RSA_SIGN_PKCS1_*_SHA256`);
  }
  throw new StatusError("INVALID_ARGUMENT", `a key of the purpose ASYMMETRIC_SIGN cannot have the algorithm ${name}`);
}

function message({ name, createTime, algorithm, destroyScheduledSeconds: seconds }: CryptoKey) {
  return {
    name,
    purpose: "ASYMMETRIC_SIGN",
    createTime: timestamp(createTime),
    versionTemplate: { algorithm, protectionLevel: "SOFTWARE" },
    destroyScheduledDuration: duration(seconds),
  };
}
