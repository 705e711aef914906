// What comes back from Cloud KMS is not believed: no token leaves that its public key does not verify.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { crc32c } from "@aws-crypto/crc32c";
import { serveKms } from "@cliscale/local/kms";
import { createAttachKey, attachKeyName } from "../../packages/local/src/kms/defaultKey.ts";
import { createKeyManagementService } from "../../packages/local/src/kms/service.ts";
import { createKmsSigner, type Signer } from "../src/tokens/signer.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";

interface Signature {
  name: string;
  signature: Buffer;
  signatureCrc32c: { value: number };
  verifiedDigestCrc32c: boolean;
}
interface PublicKey {
  name: string;
  pem: string;
  pemCrc32c: { value: number };
}
type Lies = { AsymmetricSign?: (answer: Signature) => object; GetPublicKey?: (answer: PublicKey) => object };

let folder: string;
let server: Awaited<ReturnType<typeof serveKms>>;
let lies: Lies = {};
let asked: { digest?: { sha256: Buffer }; digestCrc32c?: { value: number } };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
  const { handlers, settled } = await createKeyManagementService({ stateDir: folder });
  await createAttachKey(handlers);
  await settled();
  const lying = {
    ...handlers,
    async AsymmetricSign(request: unknown) {
      asked = request as typeof asked;
      const answer = (await handlers["AsymmetricSign"]!(request)) as Signature;
      return lies.AsymmetricSign?.(answer) ?? answer;
    },
    async GetPublicKey(request: unknown) {
      const answer = (await handlers["GetPublicKey"]!(request)) as PublicKey;
      return lies.GetPublicKey?.(answer) ?? answer;
    },
  };
  server = await serveKms(lying, { port: 0 });
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  lies = {};
});

const open = (): Signer => createKmsSigner({ key: attachKeyName, endpoint: `http://127.0.0.1:${server.port}` });
const sign = () => open().sign(() => "header.payload");

async function isRefused(expected: RegExp): Promise<void> {
  await assert.rejects(sign(), ({ name, cause }: Error) => {
    assert.equal(name, "DependencyError");
    assert.match((cause as Error).message, expected);
    return true;
  });
}

const flipped = (signature: Buffer) => {
  const copy = Buffer.from(signature);
  copy[10]! ^= 1;
  return copy;
};

test("the digest goes out with its checksum", async () => {
  const { signature } = await sign();
  assert.equal(signature.length, 256);
  assert.equal(asked.digestCrc32c?.value, crc32c(asked.digest!.sha256));
});

suite("nothing leaves when", () => {
  test("the signature was changed on its way", async () => {
    lies.AsymmetricSign = (answer) => ({ ...answer, signature: flipped(answer.signature) });
    await isRefused(/signature .* changed on its way/);
  });

  test("the signature has no checksum", async () => {
    lies.AsymmetricSign = ({ signatureCrc32c: _checksum, ...answer }) => answer;
    await isRefused(/signature .* changed on its way/);
  });

  test("the signature is wrong, and its checksum is right", async () => {
    lies.AsymmetricSign = (answer) => {
      const signature = flipped(answer.signature);
      return { ...answer, signature, signatureCrc32c: { value: crc32c(signature) } };
    };
    await isRefused(/public key does not verify it/);
  });

  test("the digest was not checked where it arrived", async () => {
    lies.AsymmetricSign = (answer) => ({ ...answer, verifiedDigestCrc32c: false });
    await isRefused(/did not check the digest/);
  });

  test("another version has signed", async () => {
    lies.AsymmetricSign = (answer) => ({ ...answer, name: `${attachKeyName}/cryptoKeyVersions/2` });
    await isRefused(/another key version than asked for/);
  });

  test("the public key was changed on its way, or is another version's", async () => {
    lies.GetPublicKey = (answer) => ({ ...answer, pem: `${answer.pem}\n` });
    await isRefused(/public key .* changed on its way/);
    lies.GetPublicKey = (answer) => ({ ...answer, name: `${attachKeyName}/cryptoKeyVersions/2` });
    await isRefused(/told another key version/);
    await assert.rejects(open().publicKeys(), { name: "DependencyError" });
  });
});
