import type { IncomingMessage, ServerResponse } from "node:http";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { Deployment } from "../resources/deployment.ts";
import type { ApiObject } from "../resources/objects.ts";
import type { Pod } from "../resources/pod.ts";
import { apiVersionOf } from "../resources/resourceType.ts";
import type { Store } from "../store/store.ts";
import { answerReview, isReview } from "./accessReview.ts";
import { applyConfiguration } from "./apply.ts";
import type { User } from "./authenticate.ts";
import { createObject } from "./createObject.ts";
import { answerDelete, parseDeleteOptions } from "./deleteRequest.ts";
import { evict } from "./eviction.ts";
import { list, matching } from "./list.ts";
import type { Pager } from "./pager.ts";
import { applyPatch, applyType, patchTypes } from "./patch.ts";
import { answerLog } from "./podLog.ts";
import { mediaTypeOf, readBody } from "./readBody.ts";
import { isTrue, type ResourceRequest } from "./requestInfo.ts";
import { scaleOf, setScale } from "./scale.ts";
import { sendJson } from "./send.ts";
import { badRequest, methodNotAllowed, notFound } from "./statusError.ts";
import { tableOf, wantsTable } from "./table.ts";
import { updateObject } from "./updateObject.ts";
import { watch } from "./watch.ts";

/** What a request about a resource is answered from. */
export interface ResourceContext {
  store: Store;
  kubelet: Kubelet;
  pager: Pager;
  user: User;
}

/**
 * Carries out what a request asks of a resource, and answers it.
 * @throws StatusError as the API server would.
 */
export async function answerResource(
  context: ResourceContext,
  asked: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { store, pager, user } = context;
  const { verb, type, namespace, query } = asked;
  const asTable = wantsTable(request.headers.accept);
  const send = (code: number, object: object) =>
    sendJson(
      response,
      code,
      asTable && isObject(object) ? tableOf(type, [object], {}, query.get("includeObject")) : object,
    );
  const dryRun = isDryRun(query);
  if (asked.subresource !== undefined) return answerSubresource(context, asked, request, response);

  switch (verb) {
    case "get":
      return send(200, find(store, asked));
    case "list":
      return sendJson(response, 200, list(store, pager, asked, asTable));
    case "watch":
      return watch(store, asked, response, asTable);
    case "create": {
      if (type.namespaced && namespace === undefined) throw methodNotAllowed();
      const body = await readBody(request);
      if (isReview(type)) return sendJson(response, 201, answerReview(store, type, user, body));
      return send(201, createObject(store, type, namespace, body, { dryRun }));
    }
    case "update": {
      const body = await readBody(request);
      return send(200, updateObject(store, type, find(store, asked), body, { dryRun }));
    }
    case "patch": {
      const patch = await readBody(request, [...Object.values(patchTypes), applyType]);
      if (mediaTypeOf(request) === applyType) {
        const { code, object } = apply(store, asked, patch, dryRun);
        return send(code, object);
      }
      const current = find(store, asked);
      const patched = applyPatch(current, mediaTypeOf(request), patch);
      return send(200, updateObject(store, type, current, patched, { dryRun }));
    }
    case "delete": {
      const options = parseDeleteOptions(await readBody(request), query);
      const { body, warning } = answerDelete(store, type, find(store, asked), options);
      if (warning) response.setHeader("Warning", `299 - ${JSON.stringify(warning)}`);
      return sendJson(response, 200, body);
    }
    case "deletecollection": {
      const options = parseDeleteOptions(await readBody(request), query);
      const items = matching(store, asked);
      const metadata = { resourceVersion: String(store.revision()) };
      for (const object of items) answerDelete(store, type, object, options);
      return sendJson(response, 200, { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items });
    }
  }
}

function find(store: Store, { type, namespace, name }: ResourceRequest): ApiObject {
  const found = store.get(type, namespace, name!);
  if (!found) throw notFound(type, name!);
  return found;
}

/** Server-side apply: creates the object where there is none. */
function apply(
  store: Store,
  { type, namespace, name, query }: ResourceRequest,
  configuration: unknown,
  dryRun: boolean,
) {
  const current = store.get(type, namespace, name!);
  const { object, managedFields } = applyConfiguration(type, current, configuration, {
    manager: query.get("fieldManager"),
    force: isTrue(query.get("force")),
  });
  const options = { dryRun, managedFields };
  if (current) return { code: 200, object: updateObject(store, type, current, object, options) };
  const metadata = { ...(object["metadata"] as object), name };
  return { code: 201, object: createObject(store, type, namespace, { ...object, metadata }, options) };
}

async function answerSubresource(
  { store, kubelet }: ResourceContext,
  asked: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { verb, type, query } = asked;
  const object = find(store, asked);
  const dryRun = isDryRun(query);
  if (asked.subresource === "log") return answerLog(kubelet, object as Pod, query, response);
  if (asked.subresource === "eviction") {
    return sendJson(response, 201, evict(store, object as Pod, await readBody(request), dryRun));
  }
  const scale = scaleOf(object as Deployment);
  if (verb === "get") return sendJson(response, 200, scale);
  const body = await readBody(request, verb === "patch" ? Object.values(patchTypes) : undefined);
  const wanted = verb === "patch" ? applyPatch(scale, mediaTypeOf(request), body) : body;
  sendJson(response, 200, setScale(store, type, object as Deployment, wanted, dryRun));
}

const isObject = (object: object): object is ApiObject => "metadata" in object && "kind" in object;

function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll("dryRun");
  if (values.some((value) => value !== "All")) throw badRequest('dryRun: Unsupported value: supported values: "All"');
  return values.length > 0;
}
