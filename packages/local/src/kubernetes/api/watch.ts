import type { ServerResponse } from "node:http";
import type { ApiObject } from "../resources/objects.ts";
import { apiVersionOf, type ResourceType } from "../resources/resourceType.ts";
import type { Change, Store } from "../store/store.ts";
import { isTrue, type ResourceRequest } from "./requestInfo.ts";
import { type Predicate, selectorOf } from "./selectors.ts";
import { badRequest, expired } from "./statusError.ts";
import { tableOf } from "./table.ts";

/** How long a watch lasts when the client does not say, in seconds: the API server's `--min-request-timeout`. */
const defaultTimeoutSeconds = 1800;

/** How often a watch that asks for bookmarks gets one, in milliseconds. */
const bookmarkMilliseconds = 60_000;

/** A watcher that leaves more than this unread is dropped, in bytes. */
const maximumUnread = 8 * 1024 * 1024;

interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: ApiObject;
}

/**
 * Answers a watch: what happened since the given resourceVersion, then what happens, one JSON object a line.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function watch(store: Store, request: ResourceRequest, response: ServerResponse, asTable: boolean): void {
  const { type, query } = request;
  const since = parseRevision(query.get("resourceVersion"));
  const timeoutSeconds = parseTimeout(query.get("timeoutSeconds"));
  const sendsInitialEvents = isTrue(query.get("sendInitialEvents"));
  const isOfInterest = interestOf(request);
  const missed =
    since === 0 || sendsInitialEvents ? existing(store, type, isOfInterest) : changed(store, type, since, isOfInterest);

  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
  // A client takes the watch for begun when it has the headers, and may wait long for the first change.
  response.flushHeaders();
  const send = (eventType: string, object: object) => {
    response.write(`${JSON.stringify({ type: eventType, object })}\n`);
    if (response.writableLength > maximumUnread) response.destroy();
  };
  if (!missed) {
    send("ERROR", expired(since, store.revision()).status);
    response.end();
    return;
  }

  const sendEvent = ({ type: eventType, object }: WatchEvent) => {
    send(eventType, asTable ? tableOf(type, [object], {}, query.get("includeObject")) : object);
  };
  const sendBookmark = (annotations?: Record<string, string>) => {
    const metadata = { resourceVersion: String(store.revision()), creationTimestamp: null, annotations };
    send("BOOKMARK", { kind: type.kind, apiVersion: apiVersionOf(type), metadata });
  };

  missed.forEach(sendEvent);
  if (sendsInitialEvents) sendBookmark({ "k8s.io/initial-events-end": "true" });
  const unsubscribe = store.subscribe((change) => {
    const event = change.collection.id === type.id && change.revision > since && eventOf(change, isOfInterest);
    if (event) sendEvent(event);
  });
  const sendsBookmarks = isTrue(query.get("allowWatchBookmarks"));
  const bookmarks = sendsBookmarks ? setInterval(sendBookmark, bookmarkMilliseconds) : undefined;
  const timeout = setTimeout(() => {
    stop();
    if (sendsBookmarks) sendBookmark();
    response.end();
  }, timeoutSeconds * 1000);
  const stop = () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(timeout);
  };
  response.once("close", stop);
}

/** Which objects a list or a watch is about. */
export function interestOf({ type, namespace, query }: ResourceRequest): Predicate {
  const isSelected = selectorOf(type, query);
  return (object) => (namespace === undefined || object.metadata.namespace === namespace) && isSelected(object);
}

/**
 * A resourceVersion as a number; 0 when any will do.
 * @throws StatusError 400 for what is none.
 */
export function parseRevision(text: string | null): number {
  if (!text) return 0;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function parseTimeout(text: string | null): number {
  if (!text) return defaultTimeoutSeconds;
  if (!/^\d{1,6}$/.test(text))
    throw badRequest(`timeoutSeconds: Invalid value: ${JSON.stringify(text)}: invalid syntax`);
  return Number(text) || defaultTimeoutSeconds;
}

function existing(store: Store, type: ResourceType, isOfInterest: Predicate): WatchEvent[] {
  return store
    .list(type)
    .filter(isOfInterest)
    .map((object) => ({ type: "ADDED", object }));
}

/** What a watcher missed, or undefined when some of it is no longer known. */
function changed(store: Store, type: ResourceType, since: number, isOfInterest: Predicate): WatchEvent[] | undefined {
  return store
    .changesSince(type, since)
    ?.map((change) => eventOf(change, isOfInterest))
    .filter((event) => event !== undefined);
}

/** A change as a watcher sees it: what begins to match its selectors is added, what ceases to is deleted. */
function eventOf({ type, object, previous }: Change, isOfInterest: Predicate): WatchEvent | undefined {
  const matched = previous !== undefined && isOfInterest(previous);
  const matches = type !== "DELETED" && isOfInterest(object);
  if (matches) return { type: matched ? "MODIFIED" : "ADDED", object };
  return matched ? { type: "DELETED", object } : undefined;
}
