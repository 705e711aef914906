import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import * as z from "zod";
import type { Authority } from "./authority.ts";

export interface AdminApiOptions {
  /** `PROJECT:REGION:INSTANCE`. */
  instance: string;
  /** Address of the instance in its VPC. */
  privateIp: string;
  serverAuthority: Authority;
  clientAuthority: Authority;
  /** E-mail addresses of those who may connect and log in, by their access tokens. */
  principals: ReadonlyMap<string, string>;
}

export interface AdminApi {
  /** Its root, for clients of the Admin API. */
  url: string;
  /** Requests so far, by the last part of their path. */
  requests: string[];
  /** While true, nothing is answered but 503. */
  isDown: boolean;
  stop(): Promise<void>;
}

const certificateRequest = z.strictObject({
  public_key: z.string().startsWith("-----BEGIN PUBLIC KEY-----"),
  access_token: z.string().optional(),
});

/** What connectors ask of the Cloud SQL Admin API: https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/connect */
export async function startAdminApi(options: AdminApiOptions): Promise<AdminApi> {
  const server = createServer((request, response) => {
    const respond = async () => {
      const { status, body } = api.isDown ? failure(503, "the API is down") : await answer(request, api, options);
      send(response, status, body);
    };
    void respond();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api: AdminApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests: [],
    isDown: false,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return api;
}

interface Answer {
  status: number;
  body: object;
}

async function answer(request: IncomingMessage, api: AdminApi, options: AdminApiOptions): Promise<Answer> {
  const [project = "", region = "", name = ""] = options.instance.split(":");
  const root = `/sql/v1beta4/projects/${project}/instances/${name}`;
  const path = new URL(request.url ?? "/", api.url).pathname;
  api.requests.push(path.split(/[/:]/).at(-1)!);
  const caller = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  if (!options.principals.has(caller)) return failure(403, "cloudsql.instances.connect is needed");
  switch (`${request.method} ${path}`) {
    case `GET ${root}/connectSettings`:
      return { status: 200, body: connectSettings(region, options) };
    case `POST ${root}:generateEphemeralCert`:
      return ephemeralCertificate(await json(request), options);
    default:
      return failure(404, `there is no ${request.method} ${path}`);
  }
}

function connectSettings(region: string, { serverAuthority, privateIp }: AdminApiOptions): object {
  return {
    kind: "sql#connectSettings",
    region,
    databaseVersion: "POSTGRES_18",
    backendType: "SECOND_GEN",
    ipAddresses: [{ type: "PRIVATE", ipAddress: privateIp }],
    serverCaCert: {
      cert: serverAuthority.certificate,
      expirationTime: new Date(Date.now() + 3_600_000).toISOString(),
    },
  };
}

/** For who logs in by IAM: the token in the body says who that is, and the certificate does from then on. */
async function ephemeralCertificate(body: unknown, { principals, clientAuthority }: AdminApiOptions): Promise<Answer> {
  const { data } = certificateRequest.safeParse(body);
  if (!data) return failure(400, "this is no request for a certificate");
  const principal = principals.get(data.access_token ?? "");
  if (principal === undefined) return failure(403, "cloudsql.instances.login is needed");
  return { status: 200, body: { ephemeralCert: { cert: await clientAuthority.issue(principal, data.public_key) } } };
}

function failure(code: number, message: string): Answer {
  return { status: code, body: { error: { code, message, errors: [{ message }] } } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
