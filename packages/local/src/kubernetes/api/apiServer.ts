import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Logger } from "@cliscale/service";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { Store } from "../store/store.ts";
import { answerResource } from "./answerResource.ts";
import type { User } from "./authenticate.ts";
import { discover } from "./discovery.ts";
import { type Faults, inject } from "./faults.ts";
import { actingUser } from "./impersonate.ts";
import { createPager } from "./pager.ts";
import { authorize, authorizePath } from "./rbac.ts";
import { readBody } from "./readBody.ts";
import { parseResourceRequest, type ResourceRequest } from "./requestInfo.ts";
import { sendJson, sendText } from "./send.ts";
import { badRequest, methodNotAllowed, StatusError } from "./statusError.ts";

export interface ApiServerOptions {
  store: Store;
  kubelet: Kubelet;
  logger: Logger;
  authenticate: (request: IncomingMessage) => User;
  faults: Faults;
}

/** Probes of the API server's own health, which need no token. */
const healthPaths = new Set(["/healthz", "/livez", "/readyz"]);

/** Where an administrator injects faults; no path of the API. */
const faultsPath = "/faults";

/** Answers every request to the API: who asks, whether they may, then what they asked for. */
export function createApiServer(options: ApiServerOptions): RequestListener {
  const { store, kubelet, logger, authenticate, faults } = options;
  const pager = createPager();

  const answer = async (request: IncomingMessage, response: ServerResponse, entry: LogEntry) => {
    const url = URL.parse(request.url ?? "/", "https://kubernetes.invalid");
    if (!url) throw badRequest("the path of the request cannot be read");
    if (healthPaths.has(url.pathname)) return sendText(response, 200, "ok");
    const user = actingUser(store, authenticate(request), request);
    if (url.pathname === faultsPath) return answerFaults(store, faults, user, request, response);
    const asked = parseResourceRequest(request.method ?? "", url);
    Object.assign(entry, { user: user.name }, asked && describe(asked));
    if (!asked) return answerPath(store, user, request, url.pathname, response);
    authorize(store, user, asked);
    const fault = faults.takeForRequest(user, asked);
    if (fault && !(await inject(fault, response))) return undefined;
    return answerResource({ store, kubelet, pager, user }, asked, request, response);
  };

  return (request, response) => {
    const entry: LogEntry = {};
    const started = performance.now();
    response.once("close", () => {
      const milliseconds = Math.round(performance.now() - started);
      logger.debug({ ...entry, code: response.statusCode, milliseconds }, "request");
    });
    answer(request, response, entry).catch((error: unknown) => fail(logger, response, error));
  };
}

type LogEntry = Record<string, unknown>;

function describe({ verb, type, namespace, name, subresource }: ResourceRequest): LogEntry {
  return { verb, resource: subresource ? `${type.id}/${subresource}` : type.id, namespace, name };
}

/** A path that is no resource: discovery, or nothing. */
function answerPath(store: Store, user: User, request: IncomingMessage, path: string, response: ServerResponse): void {
  authorizePath(store, user, request.method ?? "", path);
  if (path === "/openapi/v2") {
    // An empty document is a valid one: clients then leave the validation of fields to the server.
    response.writeHead(200, { "Content-Type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" }).end();
    return;
  }
  const document = request.method === "GET" ? discover(path) : undefined;
  if (document) sendJson(response, 200, document);
  else sendText(response, 404, "404 page not found\n");
}

async function answerFaults(
  store: Store,
  faults: Faults,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  authorizePath(store, user, request.method ?? "", faultsPath);
  if (request.method === "POST") faults.add(await readBody(request));
  else if (request.method === "DELETE") faults.clear();
  else if (request.method !== "GET") throw methodNotAllowed();
  sendJson(response, 200, { faults: faults.list() });
}

function fail(logger: Logger, response: ServerResponse, error: unknown): void {
  const known = error instanceof StatusError;
  if (!known && !response.destroyed) logger.error({ err: error }, "a request failed");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status } = known ? error : new StatusError(500, "InternalError", "Internal error occurred: see the log");
  if (status.details?.retryAfterSeconds) response.setHeader("Retry-After", status.details.retryAfterSeconds);
  // The rest of a body that is too large is not read.
  if (status.code === 413) response.setHeader("Connection", "close");
  sendJson(response, status.code, status);
}
