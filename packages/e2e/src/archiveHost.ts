import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { loadCertificates } from "@cliscale/local/certificates";

/** An HTTPS server on loopback that archives can be had from, with an authority of its own. */
export interface ArchiveHost {
  /** `localhost:PORT` */
  host: string;
  /** PEM file of its authority. */
  caFile: string;
  /** Serves these bytes; returns their URL and SHA-256. */
  serve(name: string, bytes: Buffer): { source: string; sha256: string };
  close(): Promise<void>;
}

export async function startArchiveHost(): Promise<ArchiveHost> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-archives-"));
  const { certificate, key } = await loadCertificates(folder, folder);
  const archives = new Map<string, Buffer>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const archive = archives.get(request.url ?? "");
    response.statusCode = archive ? 200 : 404;
    response.end(archive);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  return {
    host,
    caFile: join(folder, "ca.crt"),
    serve(name, bytes) {
      archives.set(`/${name}`, bytes);
      return { source: `https://${host}/${name}`, sha256: hash("sha256", bytes) };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A gzipped tar of these files; a path may lead out of the archive, as in a hostile one. */
export async function tgz(files: Record<string, string>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-pack-"));
  try {
    // Deep enough for a path that leads out.
    const from = join(folder, "a/b/c");
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(from, path)), { recursive: true });
      await writeFile(join(from, path), content, { mode: 0o755 });
    }
    await mkdir(from, { recursive: true });
    const out = join(folder, "archive");
    await promisify(execFile)("tar", ["-czPf", out, ...Object.keys(files)], { cwd: from });
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
