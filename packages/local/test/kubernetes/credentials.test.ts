// Certificates and tokens are kept, and made anew when they must be.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, mock, suite, test } from "node:test";
import { loadCertificates } from "../../src/kubernetes/credentials/certificates.ts";
import { loadTokens } from "../../src/kubernetes/credentials/tokens.ts";

const dayMilliseconds = 24 * 3600 * 1000;

suite("credentials", () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "cliscale-credentials-"))));
  afterEach(() => rm(folder, { recursive: true }));

  test("name this machine alone, signed by an authority whose key nobody has", async () => {
    const { ca, certificate } = await loadCertificates(folder, folder);
    const server = new X509Certificate(certificate);
    assert.ok(server.verify(new X509Certificate(ca).publicKey));
    assert.equal(server.subjectAltName, "IP Address:127.0.0.1, DNS:localhost");
    assert.equal(server.ca, false);
    assert.equal(await readFile(join(folder, "ca.crt"), "utf8"), ca);
    assert.equal((await stat(join(folder, "server.key"))).mode & 0o777, 0o600);
  });

  test("are kept until shortly before their end", async () => {
    const made = await loadCertificates(folder, folder);
    assert.deepEqual(await loadCertificates(folder, folder), made);
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 334 * dayMilliseconds });
    assert.deepEqual(await loadCertificates(folder, folder), made);
    mock.timers.setTime(Date.now() + 2 * dayMilliseconds);
    const renewed = await loadCertificates(folder, folder);
    mock.timers.reset();
    assert.notEqual(renewed.certificate, made.certificate);
    assert.ok(Date.parse(new X509Certificate(renewed.certificate).validTo) > Date.now() + 690 * dayMilliseconds);
  });

  for (const file of ["ca.crt", "server.crt", "server.key"]) {
    test(`are made anew when ${file} is broken, or another's`, async () => {
      const made = await loadCertificates(folder, folder);
      await writeFile(join(folder, file), "broken");
      const again = await loadCertificates(folder, folder);
      assert.notEqual(again.certificate, made.certificate);
      const others = { "ca.crt": made.ca, "server.crt": made.certificate, "server.key": made.key };
      await writeFile(join(folder, file), others[file as keyof typeof others]);
      assert.notEqual((await loadCertificates(folder, folder)).certificate, again.certificate);
    });
  }

  test("of each user are another's not, and stay", async () => {
    const tokens = await loadTokens(folder);
    assert.equal(new Set(Object.values(tokens)).size, 2);
    for (const token of Object.values(tokens)) assert.match(token, /^[\w-]{43}$/);
    assert.deepEqual(await loadTokens(folder), tokens);
  });
});
