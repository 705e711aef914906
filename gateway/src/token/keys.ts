import { createPublicKey, type KeyObject } from "node:crypto";
import type { Logger } from "@cliscale/service";
import { calculateJwkThumbprint } from "jose";
import * as z from "zod";

export interface KeysOptions {
  /** Where the JWK Set is published. The only address that keys ever come from. */
  url: string;
  logger: Logger;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** How long one fetch may take. */
  fetchMilliseconds?: number;
}

/** The list of keys is too old to be trusted, or there is none yet. */
export class KeysUnavailable extends Error {
  override name = "KeysUnavailable";
}

const refreshMilliseconds = 60_000;
const retryMilliseconds = 5_000;
const defaultFetchMilliseconds = 2_000;
/** How old a list may be when no newer one can be had: as long as a disabled key may still be accepted. */
const staleMilliseconds = 15 * 60_000;
/** A key that is missing from a list older than this may merely be newer. */
const overdueMilliseconds = 2 * refreshMilliseconds;
/** Between two fetches on behalf of unknown keys, which anybody can name. */
const unknownKeyMilliseconds = 30_000;
const modulusBits = 2048;

const jwkSet = z.object({ keys: z.array(z.unknown()).max(100) });
const publicKey = z.object({
  kty: z.literal("RSA"),
  use: z.literal("sig"),
  alg: z.literal("RS256"),
  e: z.literal("AQAB"),
  n: z.base64url().refine((n) => bitsOf(n) >= modulusBits),
  kid: z.string(),
});
type PublicKey = z.infer<typeof publicKey>;

/** The keys that attach tokens are verified with, kept by fetching them in the background. */
export class Keys {
  private readonly options: KeysOptions;
  private readonly now: () => number;
  private byKid: ReadonlyMap<string, KeyObject> = new Map();
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private askedAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<boolean> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(options: KeysOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
  }

  /** Fetches the keys, once now and then every minute. Resolves after the first attempt, whatever its result. */
  async start(): Promise<void> {
    const fetched = await this.refresh();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.start(), fetched ? refreshMilliseconds : retryMilliseconds).unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Milliseconds since the keys were fetched; infinite when they never were. */
  age(): number {
    return this.now() - this.fetchedAt;
  }

  /**
   * The key with this id; undefined when it is not one of ours.
   * @throws KeysUnavailable when that cannot be said.
   */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.trusted().get(kid);
    if (known) return known;
    await this.refreshForUnknownKey();
    const key = this.trusted().get(kid);
    if (!key && this.age() > overdueMilliseconds) throw new KeysUnavailable("the list of keys cannot be fetched");
    return key;
  }

  private trusted(): ReadonlyMap<string, KeyObject> {
    return this.age() <= staleMilliseconds ? this.byKid : new Map();
  }

  private async refreshForUnknownKey(): Promise<void> {
    if (!this.fetching) {
      if (this.now() - this.askedAt < unknownKeyMilliseconds) return;
      this.askedAt = this.now();
    }
    await this.refresh();
  }

  /** One fetch at a time, however many wait for it; false when it failed. */
  private refresh(): Promise<boolean> {
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetch(): Promise<boolean> {
    const { url, logger, fetchMilliseconds = defaultFetchMilliseconds } = this.options;
    try {
      const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(fetchMilliseconds) });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      const { keys } = jwkSet.parse(await response.json());
      this.byKid = await importKeys(keys);
      this.fetchedAt = this.now();
      if (this.byKid.size < keys.length) logger.error({ url, keys: keys.length, usable: this.byKid.size }, "bad keys");
      return true;
    } catch (error) {
      logger.warn({ url, err: error }, "keys could not be fetched");
      return false;
    }
  }
}

/** Those of a set that are what we sign with; a kid that occurs twice names no key at all. */
async function importKeys(set: readonly unknown[]): Promise<Map<string, KeyObject>> {
  const usable: PublicKey[] = [];
  for (const candidate of set) {
    const { data } = publicKey.safeParse(candidate);
    // The id is the key's own thumbprint (RFC 7638), so none can stand under another's name.
    if (data && (await calculateJwkThumbprint({ kty: data.kty, n: data.n, e: data.e })) === data.kid) usable.push(data);
  }
  const byKid = new Map<string, KeyObject>();
  for (const { kid, ...key } of usable) {
    if (usable.filter((other) => other.kid === kid).length === 1)
      byKid.set(kid, createPublicKey({ key, format: "jwk" }));
  }
  return byKid;
}

function bitsOf(base64url: string): number {
  const hex = Buffer.from(base64url, "base64url").toString("hex");
  return hex === "" ? 0 : BigInt(`0x${hex}`).toString(2).length;
}
