import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { selfCertified } from "./certificate.ts";

/** A user as Identity Toolkit describes one. */
export interface GoogleUser {
  disabled?: boolean;
  /** Seconds since 1970; sign-ins before it are revoked. */
  validSince?: string;
}

export interface Google {
  /** Leads a Google client here, whatever host it asks for; the client checks the host's certificate as ever. */
  agent: Agent;
  /** The certificates that ID tokens are checked with, PEM by kid. */
  certificates: Record<string, string>;
  users: Map<string, GoogleUser>;
  /** The keys that App Check tokens are checked with, as JWKs. */
  appCheckKeys: object[];
  /** What Identity Toolkit does when it is asked. */
  identityToolkit: "answers" | "fails" | "is silent";
  /** The uids it was asked for. */
  lookups: string[];
  stop(): Promise<void>;
}

const certificatesHost = "www.googleapis.com";
const appCheckHost = "firebaseappcheck.googleapis.com";
const identityToolkitHost = "identitytoolkit.googleapis.com";

/** The services that the checks of ID tokens and App Check tokens use, as they answer firebase-admin, over TLS on a port of its own. */
export async function startGoogle(project: string): Promise<Google> {
  const { certificate, privateKey } = await selfCertified(certificatesHost, appCheckHost, identityToolkitHost);
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    void answer(google, project, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const google: Google = {
    agent: new Agent({ host: "127.0.0.1", port, ca: certificate }),
    certificates: {},
    appCheckKeys: [],
    users: new Map(),
    identityToolkit: "answers",
    lookups: [],
    async stop() {
      google.agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return google;
}

async function answer(google: Google, project: string, request: IncomingMessage, response: ServerResponse) {
  switch (`${request.method} ${request.headers.host}${request.url}`) {
    case `GET ${certificatesHost}/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com`:
      // Not kept, so that a test may change them.
      return send(response, 200, google.certificates, { "cache-control": "public, max-age=0" });
    case `GET ${appCheckHost}/v1/jwks`:
      return send(response, 200, { keys: google.appCheckKeys });
    case `POST ${identityToolkitHost}/v1/projects/${project}/accounts:lookup`:
      return lookUp(google, (await json(request)) as { localId: string[] }, response);
    default:
      return send(response, 404, { error: { message: "NOT_PART_OF_THIS_TEST" } });
  }
}

function lookUp(google: Google, { localId }: { localId: string[] }, response: ServerResponse): void {
  google.lookups.push(...localId);
  if (google.identityToolkit === "is silent") return;
  if (google.identityToolkit === "fails") return send(response, 500, { error: { code: 500, message: "INTERNAL" } });
  const users = localId.flatMap((uid) => {
    const user = google.users.get(uid);
    return user ? [{ localId: uid, ...user }] : [];
  });
  send(response, 200, users.length > 0 ? { users } : {});
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
