// The contract is only worth what it notices: each of these lies must break the promise that it is about.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openStandIn } from "../../contract/kms/subject.ts";
import { kmsContract } from "../../contract/kms/suite.ts";
import { answers, asks, assertCaught, type Lie, type Message, without } from "../../contract/support/lies.ts";
import type { Handlers } from "../../src/grpc/server.ts";
import { createAttachKey } from "../../src/kms/defaultKey.ts";
import { generateRsaKey, signSha256 } from "../../src/kms/rsaKey.ts";
import { type KmsOptions, serveKms } from "../../src/kms/server.ts";
import { createKeyManagementService } from "../../src/kms/service.ts";

/** Lets a method work in a state that forbids it, by a state that does not. */
function enabling(...methods: string[]) {
  return (honest: Handlers): Handlers =>
    Object.fromEntries(
      methods.map((method) => [
        method,
        async (request: Message) => {
          const { state } = (await honest["GetCryptoKeyVersion"]!({ name: request.name })) as Message;
          const set = (to: string) =>
            honest["UpdateCryptoKeyVersion"]!({
              cryptoKeyVersion: { name: request.name, state: to },
              updateMask: { paths: ["state"] },
            });
          if (state === "DISABLED") await set("ENABLED");
          const answer = await honest[method]!(request);
          if (state === "DISABLED") await set("DISABLED");
          return answer;
        },
      ]),
    );
}

const otherKey = await generateRsaKey("RSA_SIGN_PKCS1_2048_SHA256");
const lies: Lie[] = [
  {
    name: "the CRC32C of a signature is wrong",
    breaks: "a signature over a digest is verified by the version's public key",
    tell: answers("AsymmetricSign", (answer) => ({ ...answer, signatureCrc32c: { value: 1 } })),
  },
  {
    name: "the CRC32C of a public key is wrong",
    breaks: "a public key comes with its name, its algorithm and the CRC32C of its PEM",
    tell: answers("GetPublicKey", (answer) => ({ ...answer, pemCrc32c: { value: 1 } })),
  },
  {
    name: "another key signs",
    breaks: "a signature over a digest is verified by the version's public key",
    tell: answers("AsymmetricSign", (answer, { digest }) =>
      digest ? { ...answer, signature: signSha256(otherKey.privateKey, digest.sha256) } : answer,
    ),
  },
  {
    name: "the first version signs for all",
    breaks: "each version has a key of its own",
    tell: answers("AsymmetricSign", async (answer, request, honest) => {
      const first = (await honest["AsymmetricSign"]!({
        ...request,
        name: request.name.replace(/\d+$/, "1"),
      })) as Message;
      return { ...first, name: answer.name };
    }),
  },
  {
    name: "a signature is said to be another version's",
    breaks: "a signature over a digest is verified by the version's public key",
    tell: answers("AsymmetricSign", (answer) => ({ ...answer, name: `${answer.name}0` })),
  },
  {
    name: "a disabled version signs",
    breaks: "a disabled version cannot be used until it is enabled again",
    tell: enabling("AsymmetricSign"),
  },
  {
    name: "a disabled version's public key is given",
    breaks: "a disabled version cannot be used until it is enabled again",
    tell: enabling("GetPublicKey"),
  },
  {
    name: "a version can be disabled only, and says that it was enabled",
    breaks: "a disabled version cannot be used until it is enabled again",
    tell: (honest) => ({
      UpdateCryptoKeyVersion: async (request: Message) =>
        request.cryptoKeyVersion.state === "ENABLED"
          ? {
              ...(await honest["GetCryptoKeyVersion"]!({ name: request.cryptoKeyVersion.name })),
              state: "ENABLED",
            }
          : honest["UpdateCryptoKeyVersion"]!(request),
    }),
  },
  {
    name: "a checksum is not looked at",
    breaks: "a wrong checksum is INVALID_ARGUMENT",
    tell: asks("AsymmetricSign", (request) => without(request, "digestCrc32c", "dataCrc32c")),
  },
  {
    name: "a checksum is said to be verified that was not sent",
    breaks: "a checksum that was sent is verified, and only then said to be",
    tell: answers("AsymmetricSign", (answer) => ({ ...answer, verifiedDigestCrc32c: true })),
  },
  {
    name: "a digest that is too short is filled up",
    breaks: "one digest of the algorithm's length is signed, or data, and nothing else",
    tell: asks("AsymmetricSign", (request) =>
      request.digest?.sha256 ? { ...request, digest: { sha256: Buffer.alloc(32, request.digest.sha256) } } : request,
    ),
  },
  {
    name: "data is signed without a digest algorithm",
    breaks: "data is signed as its digest would be",
    tell: asks("AsymmetricSign", (request) =>
      request.data ? { name: request.name, digest: { sha256: Buffer.alloc(32, request.data) } } : request,
    ),
  },
  {
    name: "a list misses the last version",
    breaks: "a list holds every key and every version once, in as many pages as it takes",
    tell: answers("ListCryptoKeyVersions", (answer) => ({
      ...answer,
      cryptoKeyVersions: answer.cryptoKeyVersions.slice(0, -1),
    })),
  },
  {
    name: "every page is the first",
    breaks: "a list holds every key and every version once, in as many pages as it takes",
    tell: asks("ListCryptoKeyVersions", (request) => without(request, "pageToken")),
  },
  {
    name: "a filter is ignored",
    breaks: "what cannot be kept is not agreed to",
    tell: asks("ListCryptoKeyVersions", (request) => without(request, "filter")),
  },
  {
    name: "a rotation period is agreed to and forgotten",
    breaks: "what cannot be kept is not agreed to",
    tell: asks("CreateCryptoKey", (request) => ({
      ...request,
      cryptoKey: without(request.cryptoKey, "rotationPeriod"),
    })),
  },
  {
    name: "a version that does not exist is the first one",
    breaks: "what does not exist is NOT_FOUND",
    tell: (honest) => ({
      GetCryptoKeyVersion: async (request: Message) => {
        try {
          return await honest["GetCryptoKeyVersion"]!(request);
        } catch {
          return { ...request, state: "ENABLED" };
        }
      },
    }),
  },
  {
    name: "a key that exists is created again",
    breaks: "a name is given once",
    tell: (honest) => ({
      CreateCryptoKey: async (request: Message) => {
        try {
          return await honest["GetCryptoKey"]!({ name: `${request.parent}/cryptoKeys/${request.cryptoKeyId}` });
        } catch {
          return honest["CreateCryptoKey"]!(request);
        }
      },
    }),
  },
  {
    name: "every key has 2048 bits",
    breaks: "keys have the length that their algorithm says",
    tell: answers("GetPublicKey", (answer) => ({ ...answer, pem: otherKey.publicKey })),
  },
  {
    name: "a version to be destroyed is gone at once",
    breaks: "a version to be destroyed waits, and cannot be used",
    tell: answers("DestroyCryptoKeyVersion", (answer) => ({
      ...answer,
      state: "DESTROYED",
      destroyEventTime: answer.destroyTime,
    })),
  },
  {
    name: "a restored version is enabled",
    breaks: "a version to be destroyed can be restored, disabled",
    tell: answers("RestoreCryptoKeyVersion", (_, { name }, honest) =>
      honest["UpdateCryptoKeyVersion"]!({
        cryptoKeyVersion: { name, state: "ENABLED" },
        updateMask: { paths: ["state"] },
      }),
    ),
  },
  {
    name: "an update needs no mask",
    breaks: "an update changes what its mask names, which can be the state alone",
    tell: asks("UpdateCryptoKeyVersion", (request) => ({ ...request, updateMask: { paths: ["state"] } })),
  },
];

describe("the contract catches", { concurrency: 4 }, () => {
  for (const lie of lies) {
    test(lie.name, async () => {
      const subject = await openStandIn((options) => startLying(options, lie));
      try {
        await assertCaught(kmsContract, lie, subject);
      } finally {
        await subject.close();
      }
    });
  }

  test("keys are lost on restart", async () => {
    const subject = await openStandIn(async (options) => {
      await rm(join(options.stateDir, "kms"), { recursive: true, force: true });
      return startLying(options);
    });
    try {
      await assertCaught(kmsContract, { breaks: "keys outlive a restart" }, subject);
    } finally {
      await subject.close();
    }
  });
});

async function startLying(options: KmsOptions, lie?: Lie) {
  const { handlers, settled } = await createKeyManagementService(options);
  await createAttachKey(handlers);
  const server = await serveKms({ ...handlers, ...lie?.tell(handlers) }, options);
  return {
    ...server,
    async stop() {
      await server.stop();
      await settled();
    },
  };
}
