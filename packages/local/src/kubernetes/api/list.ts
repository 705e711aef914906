import type { Store } from "../store/store.ts";
import { apiVersionOf } from "../resources/resourceType.ts";
import type { ResourceRequest } from "./requestInfo.ts";
import { badRequest, StatusError } from "./statusError.ts";
import { tableOf } from "./table.ts";
import { interestOf, parseRevision } from "./watch.ts";

/**
 * Answers a list, always of the present and always in full: `limit` may be disregarded, so there is never a `continue`.
 * @throws StatusError for a state of the past or the future.
 */
export function list(store: Store, request: ResourceRequest, asTable: boolean): object {
  const { type, query } = request;
  requirePresent(store, query);
  const items = store.list(type).filter(interestOf(request));
  const metadata = { resourceVersion: String(store.revision()) };
  if (asTable) return tableOf(type, items, metadata, query.get("includeObject"));
  return { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items };
}

function requirePresent(store: Store, query: URLSearchParams): void {
  const asked = parseRevision(query.get("resourceVersion"));
  const current = store.revision();
  if (query.get("continue")) throw badRequest("the Kubernetes stand-in gives no continue tokens, so it takes none");
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
