import { findResourceType } from "../resources/registry.ts";
import type { ResourceType, Subresource, Verb } from "../resources/resourceType.ts";
import { methodNotAllowed } from "./statusError.ts";

/** What a request asks for, in the words that RBAC uses: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes */
export interface ResourceRequest {
  verb: Verb;
  type: ResourceType;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
}

/**
 * The resource that a path names, or undefined when it names none that is served.
 * `/api/v1/[namespaces/NAMESPACE/]PLURAL[/NAME[/SUBRESOURCE]]`, or `/apis/GROUP/VERSION/…` outside the core group.
 * @throws StatusError 405 for what cannot be done with it.
 */
export function parseResourceRequest(method: string, url: URL): ResourceRequest | undefined {
  const parts = url.pathname.split("/").slice(1).map(decodePart);
  if (parts.includes(undefined)) return undefined;
  const [root, ...rest] = parts as string[];
  let group = "";
  if (root === "apis") group = rest.shift() ?? "";
  else if (root !== "api") return undefined;
  const version = rest.shift() ?? "";

  const inNamespace = rest[0] === "namespaces" && rest.length >= 3 && findResourceType(group, version, rest[2]!);
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural, name, subresource, ...tooMany] = inNamespace ? rest.slice(2) : rest;
  const type = plural === undefined ? undefined : findResourceType(group, version, plural);
  if (!type || tooMany.length > 0 || name === "") return undefined;
  const found = type.subresources.find((each) => each.name === subresource);
  if (subresource !== undefined && !found) return undefined;
  // Without a namespace only collections of namespaced objects can be read, and nothing else done.
  if (type.namespaced && namespace === undefined && name !== undefined) return undefined;
  if (!type.namespaced && namespace !== undefined) return undefined;
  const verb = verbOf(method, url, name, found);
  if (!(found ?? type).verbs.includes(verb)) throw methodNotAllowed();
  return { verb, type, namespace, name, subresource, query: url.searchParams };
}

function verbOf(method: string, url: URL, name: string | undefined, subresource: Subresource | undefined): Verb {
  switch (method) {
    case "GET":
    case "HEAD":
      if (name !== undefined) return "get";
      return isTrue(url.searchParams.get("watch")) ? "watch" : "list";
    case "POST":
      // An object is created in its collection, a subresource at its object.
      if ((name !== undefined) !== Boolean(subresource)) throw methodNotAllowed();
      return "create";
    case "PUT":
      if (name === undefined) throw methodNotAllowed();
      return "update";
    case "PATCH":
      if (name === undefined) throw methodNotAllowed();
      return "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      throw methodNotAllowed();
  }
}

export const isTrue = (value: string | null) => value === "true" || value === "1";

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
