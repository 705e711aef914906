import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { BundleError } from "../../src/bundle/bundleError.ts";
import { archiveLimits, type ArchiveLimits } from "../../src/bundle/limits.ts";
import { unpackArchive } from "../../src/bundle/unpack/unpackArchive.ts";
import { type Entry, tar, tgz, zip } from "../support/archives.ts";
import { sha256Of } from "../support/origin.ts";

interface Options {
  folder?: string;
  limits?: Partial<ArchiveLimits>;
  stopping?: AbortSignal;
}

/**
 * Unpacks an archive next to a canary, and resolves to what is then in place: `path` for a folder, `path mode content` for a
 * file. Whatever comes of it, nothing else may have changed.
 */
async function unpack(t: TestContext, archive: Uint8Array, { folder, limits, stopping }: Options = {}) {
  const root = await mkdtemp(join(tmpdir(), "cliscale-unpack-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const [file, target] = [join(root, "archive"), join(root, "target")];
  await writeFile(file, archive);
  await writeFile(join(root, "canary"), "alive");
  await mkdir(target);
  const outcome = await unpackArchive(
    { file, bytes: archive.length, sha256: sha256Of(archive) },
    {
      scratch: join(root, "scratch"),
      target,
      limits: { ...archiveLimits, ...limits },
      stopping: stopping ?? new AbortController().signal,
      ...(folder !== undefined && { folder }),
    },
  ).catch((error: unknown) => error);
  assert.deepEqual((await readdir(root)).sort(), ["archive", "canary", "target"]);
  assert.equal(await readFile(join(root, "canary"), "utf8"), "alive");
  const content = await listing(target);
  if (outcome === undefined) return content;
  assert.deepEqual(content, [], "a failed archive leaves files");
  assert.ok(stopping?.aborted || outcome instanceof BundleError, inspect(outcome));
  throw outcome;
}

async function listing(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isDirectory()) return name;
    assert.ok(entry.isFile(), name);
    const { mode } = await stat(path);
    return `${name} ${(mode & 0o7777).toString(8)} ${await readFile(path, "utf8")}`;
  });
  return (await Promise.all(lines)).sort();
}

function zeros(bytes: number): Entry[] {
  return [{ path: "zeros", content: Buffer.alloc(bytes) }];
}

const formats = { tgz, zip };
const good: Entry[] = [
  { path: "tool-1.0/", type: "Directory", mode: 0o700 },
  { path: "tool-1.0/bin/run", content: "#!/bin/sh", mode: 0o4755 },
  { path: "tool-1.0/grün.txt", content: "text", mode: 0o666 },
];
const unpacked = ["bin", "bin/run 755 #!/bin/sh", "grün.txt 644 text"];

test("files and folders are put in place, without a single top folder, and of their modes only whether they run", async (t) => {
  for (const [name, pack] of Object.entries(formats)) {
    assert.deepEqual(await unpack(t, pack(good)), unpacked, name);
    const flat = good.slice(1).map((entry) => ({ ...entry, path: entry.path.replace("tool-1.0/", "") }));
    assert.deepEqual(await unpack(t, pack(flat)), unpacked, name);
    // A single file is no folder to leave out.
    assert.deepEqual(await unpack(t, pack([{ path: "run", content: "x" }])), ["run 644 x"], name);
  }
  const dotted = [
    { path: "./", type: "Directory" as const },
    { path: "./a/b", content: "x" },
    { path: "./c", content: "y" },
  ];
  assert.deepEqual(await unpack(t, tgz(dotted)), ["a", "a/b 644 x", "c 644 y"]);
});

test("of a repository only the folder that was asked for is unpacked", async (t) => {
  const repository: Entry[] = [
    { path: "tools-0123/README.md", content: "other" },
    { path: "tools-0123/link", type: "SymbolicLink", linkpath: "/etc/passwd" },
    { path: "tools-0123/cli/", type: "Directory" },
    { path: "tools-0123/cli/tool/package.json", content: "{}" },
    { path: "tools-0123/cli/tool/run", content: "x", mode: 0o755 },
    { path: "tools-0123/cli/tool-other/run", content: "other" },
  ];
  const files = ["package.json 644 {}", "run 755 x"];
  assert.deepEqual(await unpack(t, tgz(repository), { folder: "cli/tool" }), files);
  assert.deepEqual(await unpack(t, tgz(repository.slice(3, 5)), { folder: "" }), [
    "cli",
    "cli/tool",
    ...files.map((line) => `cli/tool/${line}`),
  ]);
  await assert.rejects(unpack(t, tgz(repository), { folder: "cli/none" }), /no folder "cli\/none"/);
  await assert.rejects(unpack(t, tgz(repository), { folder: "README.md" }), /file where a folder should be/);
  await assert.rejects(unpack(t, tgz(repository), { folder: "" }), /link or device: "tools-0123\/link"/);
});

test("an entry that is no plain file or folder below the archive's own is refused, with all the rest", async (t) => {
  const hostile: Record<string, Entry[]> = {
    "a path above": [{ path: "../evil", content: "x" }],
    "a path above, on the way": [{ path: "a/../../evil", content: "x" }],
    "a path that stays inside by going up": [{ path: "a/../b", content: "x" }],
    "an absolute path": [{ path: "/tmp/cliscale-evil", content: "x" }],
    "a drive": [{ path: "C:/evil", content: "x" }],
    "a backslash": [{ path: String.raw`..\evil`, content: "x" }],
    "a symbolic link": [{ path: "link", type: "SymbolicLink", linkpath: "canary" }],
    "a symbolic link that leads out, and a file through it": [
      { path: "link", type: "SymbolicLink", linkpath: ".." },
      { path: "link/evil", content: "x" },
    ],
    "a device": [{ path: "device", type: "CharacterDevice" }],
    "a pipe": [{ path: "pipe", type: "FIFO" }],
    "a file where there is one": [
      { path: "a/b", content: "x" },
      { path: "a/B", content: "y" },
    ],
    "a file where there is a folder": [
      { path: "a/b", content: "x" },
      { path: "A", content: "y" },
    ],
    "a folder where there is a file": [
      { path: "a", content: "x" },
      { path: "a/b", content: "y" },
    ],
    "a folder of another case": [
      { path: "a/b", content: "x" },
      { path: "A/c", content: "y" },
    ],
    "two ways to write one accent": [
      { path: "caf\u00e9", content: "x" },
      { path: "cafe\u0301", content: "y" },
    ],
    "letters that are one in another case": [
      { path: "straße", content: "x" },
      { path: "STRASSE", content: "y" },
    ],
    "folders without end": [{ path: `${"a/".repeat(33)}b`, content: "x" }],
    nothing: [],
  };
  const ofTarOnly: Record<string, Entry[]> = {
    "a control character": [{ path: "a\nb", content: "x" }],
    "a hard link": [{ path: "link", type: "Link", linkpath: "canary" }],
    "a hard link that leads out": [{ path: "link", type: "Link", linkpath: "../canary" }],
    "a block device": [{ path: "device", type: "BlockDevice" }],
    "the same file twice": [
      { path: "a", content: "x" },
      { path: "a", content: "y" },
    ],
    "a file that is the root": [{ path: "./", content: "x", type: "ContiguousFile" }],
  };
  // A plain tar has no room for it.
  await assert.rejects(unpack(t, zip([{ path: "a".repeat(256), content: "x" }])), /is too long/);
  for (const [name, entries] of Object.entries({ ...hostile, ...ofTarOnly })) {
    // Behind a good entry, so that something has been written when it is found out.
    const all = entries.length > 0 ? [{ path: "ok/first", content: "ok" }, ...entries] : [];
    await assert.rejects(unpack(t, tgz(all)), BundleError, `tgz: ${name}`);
    if (!(name in ofTarOnly)) await assert.rejects(unpack(t, zip(all)), BundleError, `zip: ${name}`);
  }
});

test("what is not whole, or no archive at all, is refused", async (t) => {
  const archive = tgz([...good, { path: "tool-1.0/large", content: Buffer.alloc(200_000, "abcdefg") }]);
  const tarball = tar(good);
  const plain = zip(good);
  const crooked = Buffer.from(plain);
  // The checksum of the first entry in the central directory (APPNOTE.TXT §4.3.12).
  crooked[crooked.indexOf("PK\u0001\u0002") + 16]! ^= 0xff;
  const broken: Record<string, Buffer> = {
    "a tgz cut in its middle": archive.subarray(0, archive.length / 2),
    "a tgz without its end": archive.subarray(0, -4),
    "a tar cut in a file": gzipSync(tarball.subarray(0, 512 + 512 + 100)),
    "a tar with a wrong checksum": gzipSync(Buffer.concat([Buffer.from("X"), tarball.subarray(1)])),
    "a zip without its directory": plain.subarray(0, -30),
    "a zip with a wrong checksum": crooked,
    "a tar that is not compressed": tarball,
    "a page": Buffer.from("<!doctype html>"),
    "two bytes": Buffer.from([0x1f, 0x8b]),
    nothing: Buffer.alloc(0),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    await assert.rejects(unpack(t, bytes), BundleError, name);
  }
});

test("an archive that grows without measure is stopped on the way", async (t) => {
  const limits = { freeBytes: 1024 ** 2 };
  for (const [name, pack] of Object.entries(formats)) {
    // 32 MiB in 32 KiB.
    const bomb = pack(zeros(32 * 1024 ** 2));
    assert.ok(bomb.length < 40_000);
    await assert.rejects(unpack(t, bomb, { limits }), /decompression ratio|unpacks to more/, name);
    assert.equal((await unpack(t, pack(zeros(1024 ** 2 - 8192)), { limits })).length, 1, name);
    const large = pack([{ path: "large", content: Buffer.alloc(3000) }]);
    await assert.rejects(unpack(t, large, { limits: { unpackedBytes: 2999 } }), /more than 2999 bytes/, name);
    const many = pack(Array.from({ length: 11 }, (_, index) => ({ path: `d/${index}`, content: "x" })));
    await assert.rejects(unpack(t, many, { limits: { entries: 11 } }), /more than 11 files/, name);
    assert.equal((await unpack(t, many, { limits: { entries: 12 } })).length, 11, name);
  }
  const nested = gzipSync(tgz(zeros(32 * 1024 ** 2)));
  await assert.rejects(unpack(t, nested, { limits }), BundleError);
  // What is left out is read all the same.
  const outside = tgz([{ path: "top/zeros", content: Buffer.alloc(32 * 1024 ** 2) }]);
  await assert.rejects(unpack(t, outside, { folder: "x", limits }), /decompression ratio/);
});

test("unpacking ends when the session is stopped", async (t) => {
  const stopping = AbortSignal.abort(new Error("stopped"));
  for (const pack of Object.values(formats))
    await assert.rejects(unpack(t, pack(good), { stopping }), /^Error: stopped$/);
});

test("whatever becomes of an archive's bytes, it is unpacked as a whole below its folder or not at all", async (t) => {
  const archives = [tar(good), zip(good)];
  const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 1), flips, async (which, changes) => {
      const bytes = Buffer.from(archives[which]!);
      for (const [at, mask] of changes) bytes[at % bytes.length]! ^= mask;
      // `unpack` checks what is there afterwards.
      await unpack(t, which === 0 ? gzipSync(bytes) : bytes).catch((error: unknown) => {
        assert.ok(error instanceof BundleError, inspect(error));
      });
    }),
    { numRuns: 200 },
  );
});
