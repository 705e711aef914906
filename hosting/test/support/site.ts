// The built page, served as Hosting serves it: with the headers of firebase.json and the deployment's config.json.
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { build } from "vite";
import { contentSecurityPolicy, pageHeaders } from "../../headers/index.ts";
import { parseConfiguration } from "../../src/configuration.ts";

const root = join(import.meta.dirname, "../..");
const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Builds the page and serves it; `backend` is the host and port of accounts, callables and terminals, `more` is for config.json. */
export async function startSite(backend: string, more: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-hosting-"));
  await build({ root, build: { outDir: folder }, logLevel: "error" });
  const configuration = JSON.stringify({
    firebase: {
      apiKey: "demo",
      authDomain: "demo-cliscale.firebaseapp.com",
      projectId: "demo-cliscale",
      appId: "1:2:web:3",
    },
    functionsUrl: `http://${backend}/functions`,
    gatewayUrl: `ws://${backend}`,
    authEmulatorUrl: `http://${backend}`,
    signIn: ["google", "emailLink", "password"],
    ...more,
  });
  const firebaseJson = await readFile(join(root, "../firebase.json"), "utf8");
  const headers = pageHeaders(firebaseJson, contentSecurityPolicy(parseConfiguration(configuration)));
  const fixed = Object.fromEntries(headers.map(({ key, value }) => [key, value]));

  async function answer(path: string): Promise<{ type: string; body: string | Buffer }> {
    if (path === "/config.json") return { type: "application/json", body: configuration };
    const file = join(folder, normalize(path === "/" ? "/index.html" : path));
    return { type: types[extname(file)] ?? "application/octet-stream", body: await readFile(file) };
  }

  const server = createServer((request, response) => {
    answer(new URL(request.url ?? "", "http://site").pathname).then(
      ({ type, body }) => response.writeHead(200, { ...fixed, "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
