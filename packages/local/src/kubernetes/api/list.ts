import type { ApiObject } from "../resources/objects.ts";
import { apiVersionOf } from "../resources/resourceType.ts";
import type { Store } from "../store/store.ts";
import type { Page, Pager } from "./pager.ts";
import type { ResourceRequest } from "./requestInfo.ts";
import { badRequest, StatusError } from "./statusError.ts";
import { tableOf } from "./table.ts";
import { interestOf, parseRevision } from "./watch.ts";

/** The objects that a request is about, as they are now. */
export function matching(store: Store, request: ResourceRequest): ApiObject[] {
  return store.list(request.type).filter(interestOf(request));
}

/**
 * Answers a list, always of the present, and page by page when a `limit` is given.
 * @throws StatusError for a state of the past or the future, and for a page that is no longer there.
 */
export function list(store: Store, pager: Pager, request: ResourceRequest, asTable: boolean): object {
  const { type, query } = request;
  const page = pageOf(store, pager, request);
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continueToken && { continue: page.continueToken }),
    ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
  };
  if (asTable) return tableOf(type, page.items, metadata, query.get("includeObject"));
  return { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items: page.items };
}

function pageOf(store: Store, pager: Pager, request: ResourceRequest): Page {
  const { query } = request;
  const limit = parseLimit(query.get("limit"));
  const token = query.get("continue");
  if (token) {
    if (query.get("resourceVersion")) {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    return pager.next(token, limit);
  }
  requirePresent(store, query);
  return pager.first(matching(store, request), store.revision(), limit);
}

function parseLimit(text: string | null): number {
  if (!text) return 0;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`limit: Invalid value: ${JSON.stringify(text)}: must be a number`);
  return Number(text);
}

function requirePresent(store: Store, query: URLSearchParams): void {
  const asked = parseRevision(query.get("resourceVersion"));
  const current = store.revision();
  if (asked > current) {
    throw new StatusError(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
      retryAfterSeconds: 1,
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" }],
    });
  }
  if (query.get("resourceVersionMatch") === "Exact" && asked !== current) {
    throw badRequest("the Kubernetes stand-in does not model lists of the past (resourceVersionMatch=Exact)");
  }
}
