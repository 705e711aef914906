import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getCACertificates } from "node:tls";
import { type BundlePolicy, urlProblem } from "@cliscale/protocol";
import { Agent, request } from "undici";
import { BundleError } from "../bundleError.ts";
import type { ArchiveLimits } from "../limits.ts";
import { failureReason } from "./failureReason.ts";
import { guardedLookup, type Network } from "./network.ts";

export interface DownloadOptions {
  policy: BundlePolicy;
  /** Certificates of authorities that are trusted beside the usual ones, PEM. */
  extraCa: string | undefined;
  network: Network;
  limits: ArchiveLimits;
  stopping: AbortSignal;
}

/** An archive that has been fetched. */
export interface Archive {
  file: string;
  bytes: number;
  /** Of the bytes as they came, in lower-case hex. */
  sha256: string;
}

/** The body that a server has begun to send, and how to let go of its connection. */
interface Answer {
  /** Where it comes from, after all redirects. */
  host: string;
  status: number;
  location: string | undefined;
  length: number | undefined;
  body: Readable;
  close: () => Promise<void>;
}

/**
 * Fetches an archive into a new file. Every host on the way is one of the policy's, and its addresses are public.
 * @throws BundleError saying why it could not be had; the signal's reason when the session is stopped.
 */
export async function download(url: URL, file: string, options: DownloadOptions): Promise<Archive> {
  const { limits, stopping } = options;
  const timeout = AbortSignal.timeout(limits.downloadMilliseconds);
  try {
    return await fetchInto(url, file, { ...options, stopping: AbortSignal.any([stopping, timeout]) });
  } catch (error) {
    stopping.throwIfAborted();
    if (error instanceof BundleError) throw error;
    const reason = timeout.aborted ? `it took more than ${limits.downloadMilliseconds / 1000} s` : failureReason(error);
    throw new BundleError(`The archive could not be fetched from ${url.host}: ${reason}.`, { cause: error });
  }
}

async function fetchInto(url: URL, file: string, options: DownloadOptions): Promise<Archive> {
  const answer = await follow(url, options);
  try {
    return await save(answer, file, options.limits);
  } finally {
    await answer.close();
  }
}

/** Goes where the server redirects to, a few times, and to hosts of the policy only. */
async function follow(start: URL, options: DownloadOptions): Promise<Answer> {
  let url = start;
  for (let redirects = 0; redirects <= options.limits.redirects; redirects++) {
    requireAllowed(url, start, options.policy);
    const answer = await ask(url, options);
    if (answer.location === undefined) return answer;
    await answer.close();
    url = redirectTarget(answer.location, url);
  }
  throw new BundleError(`${start.host} redirects more than ${options.limits.redirects} times.`);
}

function requireAllowed(url: URL, start: URL, policy: BundlePolicy): void {
  const problem = urlProblem(url, policy);
  if (!problem) return;
  throw new BundleError(
    `The ${url === start ? "archive's address" : `address that ${start.host} redirects to`} ${problem}.`,
  );
}

function redirectTarget(location: string, base: URL): URL {
  const target = URL.parse(location, base);
  if (!target) throw new BundleError(`${base.host} redirects to something that is no URL.`);
  return target;
}

/** One request, on a connection of its own. Settles with what the server means to send, or with where it redirects to. */
async function ask(url: URL, options: DownloadOptions): Promise<Answer> {
  const { policy, extraCa, network, limits, stopping } = options;
  const agent = new Agent({
    connect: network.connector({
      lookup: guardedLookup(network, policy.hosts.get(url.host)?.private === true),
      timeout: limits.connectMilliseconds,
      allowH2: false,
      ...(extraCa !== undefined && { ca: [...getCACertificates(), extraCa] }),
    }),
    headersTimeout: limits.idleMilliseconds,
    bodyTimeout: limits.idleMilliseconds,
  });
  const close = () => agent.destroy();
  try {
    // `request` and not `fetch`, which would decode a Content-Encoding: the SHA-256 is of the bytes as they come.
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal: stopping,
      headers: { "user-agent": "cliscale-runner", accept: "*/*", "accept-encoding": "identity" },
    });
    // What a stream says after it has been let go of is nobody's concern.
    body.on("error", () => {});
    const location = statusCode >= 300 && statusCode < 400 ? headers["location"] : undefined;
    const length = headers["content-length"];
    return {
      host: url.host,
      status: statusCode,
      location: typeof location === "string" ? location : undefined,
      length: typeof length === "string" ? Number(length) : undefined,
      body,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function save({ host, status, length, body }: Answer, file: string, limits: ArchiveLimits): Promise<Archive> {
  if (status !== 200) throw new BundleError(`The archive could not be fetched: ${host} answers ${status}.`);
  const { archiveBytes } = limits;
  if (length !== undefined && length > archiveBytes) throw tooLarge(archiveBytes);
  const hash = createHash("sha256");
  let bytes = 0;
  const measured = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > archiveBytes) throw tooLarge(archiveBytes);
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(body, measured, createWriteStream(file, { flags: "wx", mode: 0o600 }));
  return { file, bytes, sha256: hash.digest("hex") };
}

function tooLarge(bytes: number): BundleError {
  return new BundleError(`The archive is larger than ${Math.floor(bytes / 1024 ** 2)} MiB.`);
}
