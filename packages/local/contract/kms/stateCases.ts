import assert from "node:assert/strict";
import { type ContractCase, refuses } from "../support/contract.ts";
import { createSigningVersion, milliseconds, setState, sha256 } from "./steps.ts";
import type { KmsSubject } from "./subject.ts";

const thirtyDays = 30 * 24 * 60 * 60 * 1000;
const clockSkewMilliseconds = 60_000;
const digest = { sha256: sha256("data to sign") };

/** States of versions: https://cloud.google.com/kms/docs/key-states */
export const stateCases: ContractCase<KmsSubject>[] = [
  {
    name: "a disabled version cannot be used until it is enabled again",
    async check(subject) {
      const { client } = subject;
      const name = await createSigningVersion(subject);
      const [before] = await client.getPublicKey({ name });

      assert.equal((await setState(subject, name, "DISABLED")).state, "DISABLED");
      assert.equal((await client.getCryptoKeyVersion({ name }))[0].state, "DISABLED");
      await refuses(client.asymmetricSign({ name, digest }), "FAILED_PRECONDITION");
      await refuses(client.getPublicKey({ name }), "FAILED_PRECONDITION");

      assert.equal((await setState(subject, name, "ENABLED")).state, "ENABLED");
      assert.equal((await client.getCryptoKeyVersion({ name }))[0].state, "ENABLED");
      await client.asymmetricSign({ name, digest });
      assert.deepEqual((await client.getPublicKey({ name }))[0], before);
    },
  },
  {
    name: "a version to be destroyed waits, and cannot be used",
    async check(subject) {
      const { client } = subject;
      const name = await createSigningVersion(subject);
      const [destroyed] = await client.destroyCryptoKeyVersion({ name });
      assert.equal(destroyed.name, name);
      assert.equal(destroyed.state, "DESTROY_SCHEDULED");
      const wait = milliseconds(destroyed.destroyTime) - Date.now();
      assert.ok(Math.abs(wait - thirtyDays) < clockSkewMilliseconds);

      assert.equal((await client.getCryptoKeyVersion({ name }))[0].state, "DESTROY_SCHEDULED");
      await refuses(client.asymmetricSign({ name, digest }), "FAILED_PRECONDITION");
      await refuses(client.getPublicKey({ name }), "FAILED_PRECONDITION");
      await refuses(client.destroyCryptoKeyVersion({ name }), "FAILED_PRECONDITION");
      await refuses(setState(subject, name, "ENABLED"), "FAILED_PRECONDITION");
    },
  },
  {
    name: "a version to be destroyed can be restored, disabled",
    async check(subject) {
      const { client } = subject;
      const name = await createSigningVersion(subject);
      await refuses(client.restoreCryptoKeyVersion({ name }), "FAILED_PRECONDITION");
      await setState(subject, name, "DISABLED");
      await client.destroyCryptoKeyVersion({ name });
      const [restored] = await client.restoreCryptoKeyVersion({ name });
      assert.equal(restored.state, "DISABLED");
      assert.equal(restored.destroyTime, null);
      await refuses(client.asymmetricSign({ name, digest }), "FAILED_PRECONDITION");
      await setState(subject, name, "ENABLED");
      await client.asymmetricSign({ name, digest });
    },
  },
  {
    name: "an update changes what its mask names, which can be the state alone",
    async check(subject) {
      const { client } = subject;
      const name = await createSigningVersion(subject);
      const [version] = await client.getCryptoKeyVersion({ name });
      const update = (state: "DISABLED" | "DESTROYED", paths: string[]) =>
        client.updateCryptoKeyVersion({ cryptoKeyVersion: { ...version, state }, updateMask: { paths } });
      await refuses(client.updateCryptoKeyVersion({ cryptoKeyVersion: version }), "INVALID_ARGUMENT");
      await refuses(update("DISABLED", []), "INVALID_ARGUMENT");
      await refuses(update("DISABLED", ["name"]), "INVALID_ARGUMENT");
      await refuses(update("DESTROYED", ["state"]), "INVALID_ARGUMENT");
      assert.deepEqual((await client.getCryptoKeyVersion({ name }))[0], version);
      assert.deepEqual((await update("DISABLED", ["state"]))[0], { ...version, state: "DISABLED" });
    },
  },
];
