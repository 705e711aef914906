// The node's parts that need no cluster to be looked at.
import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, suite, test } from "node:test";
import { createAddressPool } from "../../src/kubernetes/kubelet/addresses.ts";
import { createContainerLog, type LogLine } from "../../src/kubernetes/kubelet/containerLog.ts";
import { findImage } from "../../src/kubernetes/kubelet/images.ts";

suite("addresses of pods", () => {
  test("come again only when the range has wrapped round, and never while they are taken", () => {
    const pool = createAddressPool("127.64.3.0/29");
    const kept = pool.take();
    const round = Array.from({ length: 6 }, () => {
      const address = pool.take();
      pool.release(address);
      return address;
    });
    assert.equal(new Set([kept, ...round]).size, 7);
    assert.deepEqual(
      [kept, ...round].toSorted(),
      Array.from({ length: 7 }, (_, index) => `127.64.3.${index + 1}`),
    );
    assert.equal(pool.take(), round[0]);
  });

  test("end, and are told to", () => {
    const pool = createAddressPool("127.64.3.248/29");
    for (let count = 0; count < 7; count += 1) pool.take();
    assert.throws(() => pool.take(), /127\.64\.3\.248\/29 is taken.*CLISCALE_POD_RANGE/);
  });

  test("are loopback addresses", () => {
    for (const range of ["10.0.0.0/8", "127.0.0.0/4", "127.0.0.1", "127.0.0.0/30", "::1/64", "127.0.0/16"]) {
      assert.throws(() => createAddressPool(range), RangeError, range);
    }
  });
});

suite("a container's log", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "cliscale-log-"))));
  after(() => rm(folder, { recursive: true }));
  const { signal } = new AbortController();

  test("can be followed from its first line to its last", async () => {
    const log = await createContainerLog(join(folder, "followed"));
    const followed = collect(log.read(true, signal));
    await log.capture(Readable.from([Buffer.from("one\ntw"), Buffer.from("o\nthr"), Buffer.from("ee")]));
    assert.deepEqual(await collect(log.read(false, signal)), ["one", "two", "three"]);
    await log.end();
    assert.deepEqual(await followed, ["one", "two", "three"]);
  });

  test("is begun anew before it grows without bound, and so is a line", async () => {
    const path = join(folder, "bounded");
    const log = await createContainerLog(path);
    const megabyte = Buffer.alloc(1024 * 1024, "x");
    await log.capture(Readable.from([...Array.from({ length: 11 }, () => megabyte), Buffer.from("\nlast\n")]));
    await log.end();
    const { size } = await stat(path);
    assert.ok(size > 0 && size < 2 * 1024 * 1024, `${size} bytes`);
    assert.ok((await stat(`${path}.1`)).size <= 10 * 1024 * 1024);
    assert.equal((await collect(log.read(false, signal))).at(-1), "last");
  });
});

test("an image is found by its repository, whatever its tag or digest", () => {
  const image = { entrypoint: ["true"], environment: {}, readable: [] };
  const images = { runner: image, "localhost:5000/team/runner": image };
  for (const reference of [
    "runner",
    "runner:1",
    `runner@sha256:${"0".repeat(64)}`,
    `runner:1@sha256:${"0".repeat(64)}`,
  ]) {
    assert.equal(findImage(images, reference), image, reference);
    assert.equal(findImage(images, `localhost:5000/team/${reference}`), image, reference);
  }
  for (const reference of ["runner2", "team/runner", "toString", "localhost:5000/runner"]) {
    assert.equal(findImage(images, reference), undefined, reference);
  }
});

async function collect(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}
