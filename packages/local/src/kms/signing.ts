import { createHash } from "node:crypto";
import { crc32c } from "@aws-crypto/crc32c";
import * as z from "zod";
import { bytes, parseRequest } from "../grpc/request.ts";
import type { Handlers } from "../grpc/server.ts";
import { StatusError } from "../grpc/statusError.ts";
import { requireState } from "./cryptoKeyVersions.ts";
import type { Kms } from "./kms.ts";
import { versionName } from "./names.ts";
import { type RsaKey, sha256Bytes, signSha256 } from "./rsaKey.ts";
import { find, type KmsState, type Version } from "./state.ts";

/** google.protobuf.Int64Value, which may hold a zero that is not on the wire. */
const checksum = z.strictObject({ value: z.number().default(0) }).transform(({ value }) => value);

/** Bytes; https://cloud.google.com/kms/quotas */
const maximumData = 64 * 1024;

const publicKeyRequest = z.strictObject({ name: versionName });
const signRequest = z.strictObject({
  name: versionName,
  digest: z.strictObject({ sha256: bytes.optional(), sha384: bytes.optional(), sha512: bytes.optional() }).optional(),
  digestCrc32c: checksum.optional(),
  data: bytes.refine((data) => data.length <= maximumData, `must not exceed ${maximumData} bytes`).optional(),
  dataCrc32c: checksum.optional(),
});
type SignRequest = z.output<typeof signRequest>;

/** Every answer and, if the client likes, every request carries a CRC32C: https://cloud.google.com/kms/docs/data-integrity-guidelines */
export function signingHandlers({ file }: Kms) {
  return {
    GetPublicKey(request) {
      const { name } = parseRequest(publicKeyRequest, request);
      const { algorithm, key } = usable(file.state, name);
      return {
        name,
        algorithm,
        pem: key.publicKey,
        pemCrc32c: { value: crc32c(Buffer.from(key.publicKey)) },
        protectionLevel: "SOFTWARE",
      };
    },

    AsymmetricSign(request) {
      const signRequestGiven = parseRequest(signRequest, request);
      const { key } = usable(file.state, signRequestGiven.name);
      const signature = signSha256(key.privateKey, digestToSign(signRequestGiven));
      return {
        name: signRequestGiven.name,
        signature,
        signatureCrc32c: { value: crc32c(signature) },
        verifiedDigestCrc32c: signRequestGiven.digestCrc32c !== undefined,
        verifiedDataCrc32c: signRequestGiven.dataCrc32c !== undefined,
        protectionLevel: "SOFTWARE",
      };
    },
  } satisfies Handlers;
}

function usable(state: KmsState, name: string): Version & { key: RsaKey } {
  const version = find(state.versions, name);
  requireState(version, "ENABLED");
  if (!version.key) throw new Error(`${name} is enabled and has no key`);
  return { ...version, key: version.key };
}

function digestToSign({ digest, digestCrc32c, data, dataCrc32c }: SignRequest): Buffer {
  if ((digest === undefined) === (data === undefined)) {
    throw new StatusError("INVALID_ARGUMENT", "one of digest and data must be set, and not both");
  }
  verify("digest", digest?.sha256, digestCrc32c);
  verify("data", data, dataCrc32c);
  if (data) return createHash("sha256").update(data).digest();
  if (digest?.sha256?.length !== sha256Bytes) {
    throw new StatusError("INVALID_ARGUMENT", `digest: must be a sha256 of ${sha256Bytes} bytes`);
  }
  return digest.sha256;
}

function verify(field: string, value: Buffer | undefined, checksumGiven: number | undefined): void {
  if (checksumGiven === undefined) return;
  if (value === undefined || crc32c(value) !== checksumGiven) {
    throw new StatusError("INVALID_ARGUMENT", `${field}: its CRC32C is another one than ${field}_crc32c`);
  }
}
