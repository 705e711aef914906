import { KeyManagementServiceClient } from "@google-cloud/kms";
import { callOptionsOf, grpcClientOptions } from "../grpcEndpoint.ts";
import { dependingOn } from "../http/errors.ts";
import type { SignerOptions } from "./signer.ts";
import type { Version } from "./signingVersion.ts";

/** https://cloud.google.com/kms/docs/key-states; what has been destroyed, or could not be generated, does not count. */
export type KeyVersionState = "PENDING_GENERATION" | "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED";

export interface KeyVersion extends Version {
  state: KeyVersionState;
}

/**
 * The versions of the signing key, and what may be done to them. The identity of `rotateSigningKey` may, and an operator's; that of the
 * other functions may not. All of it may throw a DependencyError.
 */
export interface KeyVersions {
  list(): Promise<KeyVersion[]>;
  /** Adds a version, which signs once every gateway knows it; returns its name. */
  create(): Promise<string>;
  /** Lets a version sign nothing any more, and takes it out of the JWKS; can be undone. */
  disable(name: string): Promise<void>;
  /** Has a version destroyed when the key's time for it has passed, 30 days by default; until then it can be restored. */
  scheduleDestruction(name: string): Promise<void>;
  close(): Promise<void>;
}

const callMilliseconds = 10_000;
const states = new Set<unknown>(["PENDING_GENERATION", "ENABLED", "DISABLED", "DESTROY_SCHEDULED"]);

export function openKeyVersions({ key, ...endpoint }: SignerOptions): KeyVersions {
  const client = new KeyManagementServiceClient(grpcClientOptions(endpoint));
  const callOptions = callOptionsOf(endpoint, callMilliseconds);

  async function list(): Promise<KeyVersion[]> {
    const [versions] = await client.listCryptoKeyVersions({ parent: key }, callOptions());
    return versions
      .filter(({ state }) => states.has(state))
      .map((version) => ({
        name: version.name!,
        createdAt: millisecondsOf(version.createTime),
        state: version.state as KeyVersionState,
      }));
  }

  async function disable(name: string): Promise<void> {
    const change = { cryptoKeyVersion: { name, state: "DISABLED" as const }, updateMask: { paths: ["state"] } };
    await client.updateCryptoKeyVersion(change, callOptions());
  }

  return {
    list: () => dependingOn("kms", list),
    create: () =>
      dependingOn("kms", async () => (await client.createCryptoKeyVersion({ parent: key }, callOptions()))[0].name!),
    disable: (name) => dependingOn("kms", () => disable(name)),
    scheduleDestruction: (name) =>
      dependingOn("kms", async () => void (await client.destroyCryptoKeyVersion({ name }, callOptions()))),
    close: () => client.close(),
  };
}

/** google.protobuf.Timestamp in milliseconds since 1970; 0 for none. */
export function millisecondsOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);
}
