// The functions at GKE's DNS endpoint: a public certificate, and tokens of the metadata server that are renewed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { type AccessToken, type MetadataServer, startMetadataServer } from "@cliscale/local/testing/metadataServer";
import { selfCertified } from "./support/certificate.ts";

let folder: string;
let api: Server;
let metadata: MetadataServer;
let callers: (string | undefined)[];
let tokens: AccessToken[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-gke-"));
  const { certificate, privateKey } = await selfCertified("localhost");
  await writeFile(join(folder, "public-ca.crt"), certificate);
  api = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    callers.push(request.headers.authorization);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items: [] }));
  });
  metadata = await startMetadataServer(() => tokens.shift());
  await once(api.listen(0, "127.0.0.1"), "listening");
});
beforeEach(() => {
  callers = [];
});
after(async () => {
  api.close();
  await metadata.stop();
  await rm(folder, { recursive: true });
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Pings after each of these pauses, in milliseconds. */
async function ping(pauses: number[], env: Record<string, string>): Promise<{ code: number; errors: string }> {
  const program = join(import.meta.dirname, "support/clusterProgram.ts");
  const args = [program, `https://localhost:${portOf(api)}`, ...pauses.map(String)];
  const child = spawn(process.execPath, args, {
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      ...metadata.env,
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, errors };
}

test("each call bears a token of the service account, cached and renewed before it ends", async () => {
  // Tokens are renewed when less than five minutes are left of them.
  tokens = [
    { access_token: "first", expires_in: 301 },
    { access_token: "second", expires_in: 3600 },
  ];
  const { code, errors } = await ping([0, 0, 1_500, 0], { NODE_EXTRA_CA_CERTS: join(folder, "public-ca.crt") });
  assert.deepEqual([code, errors], [0, ""]);
  assert.deepEqual(
    callers.map((caller) => caller?.replace("Bearer ", "")),
    ["first", "first", "second", "second"],
  );
  assert.equal(tokens.length, 0);
});

test("the API's certificate must be one that a public authority signed", async () => {
  tokens = [{ access_token: "first", expires_in: 3600 }];
  const { code, errors } = await ping([0], {});
  assert.equal(code, 1);
  assert.match(errors, /fetch failed|certificate/);
  assert.deepEqual(callers, []);
});
