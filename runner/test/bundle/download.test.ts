import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { parseBundlePolicy } from "@cliscale/protocol";
import { BundleError } from "../../src/bundle/bundleError.ts";
import { type Archive, download } from "../../src/bundle/fetch/download.ts";
import { archiveLimits, type ArchiveLimits } from "../../src/bundle/limits.ts";
import { networkTo, type Origin, sha256Of, startOrigin } from "../support/origin.ts";

const policy = parseBundlePolicy({
  CLISCALE_BUNDLE_HOSTS: "private=files.example,private=mirror.example,public.example",
});
const content = Buffer.from("the bytes of an archive".repeat(1000));

interface Attempt {
  archive?: Archive;
  /** Why it failed. */
  message: string;
  /** Bytes on the disk. */
  written: number;
  resolved: string[];
  dialled: string[];
}

interface AttemptOptions {
  url?: string;
  limits?: Partial<ArchiveLimits>;
  addresses?: Record<string, string[]>;
  trusted?: boolean;
  stopping?: AbortSignal;
}

/** Downloads from an origin; whatever comes of it, no connection may stay. */
async function attempt(t: TestContext, origin: Origin, options: AttemptOptions = {}): Promise<Attempt> {
  const { url = "https://files.example/a.tgz", limits, addresses, trusted = true, stopping } = options;
  const folder = await mkdtemp(join(tmpdir(), "cliscale-download-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { network, resolved, dialled } = networkTo(origin, addresses);
  const file = join(folder, "archive");
  const outcome = await download(new URL(url), file, {
    policy,
    extraCa: trusted ? origin.ca : undefined,
    network,
    limits: { ...archiveLimits, ...limits },
    stopping: stopping ?? new AbortController().signal,
  }).then(
    (archive) => ({ archive, message: "" }),
    (error: Error) => {
      assert.ok(stopping?.aborted || error instanceof BundleError, String(error.stack));
      return { message: error.message };
    },
  );
  for (let tries = 0; origin.open() > 0 && tries < 100; tries++) await delay(20);
  assert.equal(origin.open(), 0, "a connection is left");
  const written = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  return { ...outcome, written, resolved, dialled };
}

const send: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": content.length }).end(content);
};
const redirectTo =
  (location: string, status = 302): RequestListener =>
  (request, response) => {
    if (request.url === "/end") send(request, response);
    else response.writeHead(status, { location }).end("moved");
  };
/** Lets go of the connection in the middle of the body. */
const cut =
  (headers: Record<string, number>): RequestListener =>
  (_, response) => {
    response.writeHead(200, headers).write(content.subarray(0, 100));
    setTimeout(() => response.socket?.destroy(), 50);
  };
/** Sends again and again until the client has had enough. */
function sendForEver(response: ServerResponse, chunk: Buffer, milliseconds: number): void {
  const timer = setInterval(() => response.write(chunk), milliseconds);
  response.on("close", () => clearInterval(timer));
}

test("an archive is fetched as its bytes are, with the SHA-256 of exactly these", async (t) => {
  const origin = await startOrigin(t, send);
  const { archive, written } = await attempt(t, origin, { url: "https://files.example/a.tgz?token=1" });
  assert.equal(archive?.sha256, sha256Of(content));
  assert.deepEqual([archive.bytes, written], [content.length, content.length]);
  assert.deepEqual(origin.requests, ["files.example/a.tgz?token=1"]);

  const encoded = gzipSync(content);
  origin.answer = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(encoded);
  assert.equal((await attempt(t, origin)).archive?.sha256, sha256Of(encoded));
});

test("redirects are followed among the hosts that are allowed, a few times", async (t) => {
  const origin = await startOrigin(t, redirectTo("https://mirror.example/end"));
  assert.equal((await attempt(t, origin)).archive?.sha256, sha256Of(content));
  assert.deepEqual(origin.requests, ["files.example/a.tgz", "mirror.example/end"]);
  origin.answer = redirectTo("/end", 308);
  assert.ok((await attempt(t, origin)).archive);
  const redirects = (count: number): RequestListener => {
    let left = count;
    return (request, response) => (left-- > 0 ? redirectTo(`/${left}`)(request, response) : send(request, response));
  };
  origin.answer = redirects(5);
  assert.ok((await attempt(t, origin)).archive);
  origin.answer = redirects(6);
  assert.match((await attempt(t, origin)).message, /redirects more than 5 times/);
});

test("a redirect is held to the same rules as the source", async (t) => {
  const refused = {
    "https://elsewhere.example/end": /elsewhere\.example/,
    "https://sub.files.example/end": /sub\.files\.example/,
    "https://files.example:8443/end": /files\.example:8443/,
    "http://files.example/end": /must be an https URL/,
    "ftp://files.example/end": /must be an https URL/,
    "file:///etc/passwd": /must be an https URL/,
    "https://user:secret@files.example/end": /user name or password/,
    "https://127.0.0.1/end": /127\.0\.0\.1/,
    "https://[::1]/end": /\[::1\]/,
    "https://169.254.169.254/latest/meta-data": /169\.254\.169\.254/,
    "//2130706433/end": /127\.0\.0\.1/,
    "https://": /no URL/,
  };
  const origin = await startOrigin(t);
  for (const [location, words] of Object.entries(refused)) {
    origin.requests.length = 0;
    origin.answer = redirectTo(location);
    const { message, resolved } = await attempt(t, origin);
    assert.match(message, words, location);
    assert.doesNotMatch(message, /secret/);
    assert.deepEqual(resolved, ["files.example"], location);
    assert.equal(origin.requests.length, 1, location);
  }
});

test("no host may lead to an address that is not public, whatever it is named", async (t) => {
  const origin = await startOrigin(t, redirectTo("https://public.example/end"));
  const addresses = [
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["100.64.0.1"],
    ["0.0.0.0"],
    ["255.255.255.255"],
    ["224.0.0.1"],
    ["::1"],
    ["::"],
    ["fe80::1"],
    ["fd00::1"],
    ["::ffff:10.0.0.1"],
    ["::ffff:a9fe:a9fe"],
    ["64:ff9b::a9fe:a9fe"],
    ["192.0.2.1", "127.0.0.1"],
    [],
  ];
  for (const list of addresses) {
    origin.requests.length = 0;
    const { message, dialled } = await attempt(t, origin, { addresses: { "public.example": list } });
    assert.match(message, /public\.example has (an address that is not public|no address)/, String(list));
    assert.deepEqual(dialled, ["127.0.0.1"], "only the first host was dialled");
    assert.deepEqual(origin.requests, ["files.example/a.tgz"]);
  }
});

test("a host that may be private is not let to the cloud's metadata, and each is looked up once", async (t) => {
  const origin = await startOrigin(t, send);
  const metadata = await attempt(t, origin, { addresses: { "files.example": ["169.254.169.254"] } });
  assert.match(metadata.message, /not public/);
  assert.deepEqual([metadata.dialled, origin.requests], [[], []]);
  const { resolved } = await attempt(t, origin);
  assert.deepEqual(resolved, ["files.example"]);
});

test("a body that is too large is cut off, whatever its server says of it", async (t) => {
  const origin = await startOrigin(t);
  const limits = { archiveBytes: 100_000 };
  origin.answer = (_, response) => sendForEver(response.writeHead(200), Buffer.alloc(10_000), 1);
  const endless = await attempt(t, origin, { limits });
  assert.match(endless.message, /larger than/);
  assert.ok(endless.written <= limits.archiveBytes, String(endless.written));
  origin.answer = (_, response) => response.writeHead(200, { "content-length": 100_001 }).flushHeaders();
  const announced = await attempt(t, origin, { limits });
  assert.match(announced.message, /larger than/);
  assert.equal(announced.written, 0);
});

test("a body that ends early is no archive", async (t) => {
  const origin = await startOrigin(t);
  for (const headers of [{ "content-length": content.length }, {}]) {
    origin.answer = cut(headers);
    assert.match((await attempt(t, origin)).message, /could not be fetched from files\.example: /);
  }
});

test("a server that drips, stops or never answers is not waited for", async (t) => {
  const origin = await startOrigin(t);
  const limits = { idleMilliseconds: 400, downloadMilliseconds: 60_000 };
  origin.answer = (_, response) => sendForEver(response.writeHead(200), Buffer.from("x"), 50);
  const drip = await attempt(t, origin, { limits: { downloadMilliseconds: 1_000 } });
  assert.match(drip.message, /took more than 1 s/);
  origin.answer = (_, response) => response.writeHead(200).write("x");
  assert.match((await attempt(t, origin, { limits })).message, /stopped sending/);
  origin.answer = () => {};
  assert.match((await attempt(t, origin, { limits })).message, /does not answer/);
});

test("what a server refuses, and a certificate that nobody vouches for, are told in words", async (t) => {
  const origin = await startOrigin(t);
  assert.match((await attempt(t, origin)).message, /answers 404/);
  origin.answer = send;
  const untrusted = await attempt(t, origin, { trusted: false });
  assert.match(untrusted.message, /could not be fetched from files\.example: self-signed certificate/);
  assert.equal(untrusted.written, 0);
  const foreign = await attempt(t, origin, {
    url: "https://public.example/a.tgz",
    addresses: { "public.example": [] },
  });
  assert.match(foreign.message, /no address/);
});

test("a session that is stopped lets go of the download at once", async (t) => {
  const stop = new AbortController();
  const origin = await startOrigin(t, (_, response) => {
    sendForEver(response.writeHead(200), Buffer.from("x"), 10);
    setTimeout(() => stop.abort(new Error("stopped")), 100);
  });
  const { message } = await attempt(t, origin, { stopping: stop.signal });
  assert.equal(message, "stopped");
});
