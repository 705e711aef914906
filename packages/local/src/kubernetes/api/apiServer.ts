import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Logger } from "@cliscale/service";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { ApiObject } from "../resources/objects.ts";
import type { Pod } from "../resources/pod.ts";
import type { Store } from "../store/store.ts";
import type { User } from "./authenticate.ts";
import { createObject } from "./createObject.ts";
import { answerDelete, parseDeleteOptions } from "./deleteRequest.ts";
import { discover } from "./discovery.ts";
import { type Faults, inject } from "./faults.ts";
import { list } from "./list.ts";
import { applyPatch, patchTypes } from "./patch.ts";
import { answerLog } from "./podLog.ts";
import { authorize, authorizePath } from "./rbac.ts";
import { mediaTypeOf, readJsonBody } from "./readBody.ts";
import { parseResourceRequest, type ResourceRequest } from "./requestInfo.ts";
import { badRequest, methodNotAllowed, notFound, StatusError } from "./statusError.ts";
import { tableOf, wantsTable } from "./table.ts";
import { updateObject } from "./updateObject.ts";
import { watch } from "./watch.ts";

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
  const { store, logger, authenticate, faults } = options;

  const answer = async (request: IncomingMessage, response: ServerResponse, entry: LogEntry) => {
    const url = URL.parse(request.url ?? "/", "https://kubernetes.invalid");
    if (!url) throw badRequest("the path of the request cannot be read");
    if (healthPaths.has(url.pathname)) return sendText(response, 200, "ok");
    const user = authenticate(request);
    if (url.pathname === faultsPath) return answerFaults(store, faults, user, request, response);
    const asked = parseResourceRequest(request.method ?? "", url);
    Object.assign(entry, { user: user.name }, asked && describe(asked));
    if (!asked) return answerPath(store, user, request, url.pathname, response);
    authorize(store, user, asked);
    const fault = faults.takeForRequest(user, asked);
    if (fault && !(await inject(fault, response))) return undefined;
    return answerResource(options, asked, request, response);
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

async function answerResource(
  { store, kubelet }: ApiServerOptions,
  asked: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { verb, type, namespace, name, query } = asked;
  const asTable = wantsTable(request.headers.accept);
  const send = (code: number, object: object) =>
    sendJson(
      response,
      code,
      asTable && isObject(object) ? tableOf(type, [object], {}, query.get("includeObject")) : object,
    );
  const find = (): ApiObject => {
    const found = store.get(type, namespace, name!);
    if (!found) throw notFound(type, name!);
    return found;
  };
  const dryRun = isDryRun(query);

  switch (verb) {
    case "get":
      if (asked.subresource === "log") return answerLog(kubelet, find() as Pod, query, response);
      return send(200, find());
    case "list":
      return sendJson(response, 200, list(store, asked, asTable));
    case "watch":
      return watch(store, asked, response, asTable);
    case "create":
      if (type.namespaced && namespace === undefined) throw methodNotAllowed();
      return send(201, createObject(store, type, namespace, await readJsonBody(request), dryRun));
    case "update": {
      const body = await readJsonBody(request);
      return send(200, updateObject(store, type, find(), body, dryRun));
    }
    case "patch": {
      const patch = await readJsonBody(request, Object.values(patchTypes));
      const current = find();
      return send(200, updateObject(store, type, current, applyPatch(current, mediaTypeOf(request), patch), dryRun));
    }
    case "delete": {
      const options = parseDeleteOptions(await readJsonBody(request), query);
      const { body, warning } = answerDelete(store, type, find(), options);
      if (warning) response.setHeader("Warning", `299 - ${JSON.stringify(warning)}`);
      return sendJson(response, 200, body);
    }
    case "deletecollection": {
      const options = parseDeleteOptions(await readJsonBody(request), query);
      const answered = list(store, asked, false) as { items: ApiObject[] };
      for (const object of answered.items) answerDelete(store, type, object, options);
      return sendJson(response, 200, answered);
    }
  }
}

const isObject = (object: object): object is ApiObject => "metadata" in object && "kind" in object;

function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll("dryRun");
  if (values.some((value) => value !== "All")) throw badRequest('dryRun: Unsupported value: supported values: "All"');
  return values.length > 0;
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
  if (request.method === "POST") faults.add(await readJsonBody(request));
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

function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
}
