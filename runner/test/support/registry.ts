import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A package to publish: its package.json, and programs by their path. */
export interface TestPackage {
  manifest: { name: string; version: string; [field: string]: unknown };
  files: Record<string, string>;
}

/** The part of an npm registry that `npm install` needs, with packages made on the spot. */
export interface Registry {
  url: string;
  /** What was asked for, as paths. */
  requests: string[];
  /** Leaves the next request unanswered, and settles with it. */
  hold: () => Promise<IncomingMessage>;
  /** The variables that point npm at it. */
  variables: Record<string, string>;
}

export async function startRegistry(t: TestContext, packages: TestPackage[]): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-registry-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const documents = new Map<string, string | Buffer>();
  const requests: string[] = [];
  let held: PromiseWithResolvers<IncomingMessage> | undefined;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push(path);
    if (held) return held.resolve(request);
    const document = documents.get(path);
    response.writeHead(document ? 200 : 404).end(document ?? "{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [index, { manifest, files }] of packages.entries()) {
    const tarball = await pack(join(folder, String(index)), { "package.json": JSON.stringify(manifest), ...files });
    const tarballPath = `/tarballs/${index}.tgz`;
    const versions = { [manifest.version]: { ...manifest, dist: { tarball: url + tarballPath } } };
    documents.set(tarballPath, tarball);
    documents.set(
      `/${manifest.name}`,
      JSON.stringify({ name: manifest.name, "dist-tags": { latest: manifest.version }, versions }),
    );
  }
  const npmrc = join(folder, "npmrc");
  await writeFile(npmrc, `registry=${url}/\nfetch-retries=0\n`);
  const hold = () => (held = Promise.withResolvers()).promise;
  return { url, requests, hold, variables: { NPM_CONFIG_GLOBALCONFIG: npmrc } };
}

async function pack(folder: string, files: Record<string, string>): Promise<Buffer> {
  await mkdir(join(folder, "package"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, "package", name);
    await writeFile(path, content);
    await chmod(path, 0o755);
  }
  await run("tar", ["-czf", "package.tgz", "package"], { cwd: folder });
  return await readFile(join(folder, "package.tgz"));
}
