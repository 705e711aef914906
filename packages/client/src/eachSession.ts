import type { ListSessionsInput, Session } from "@cliscale/protocol";
import type { Client, QueryOptions } from "./client.ts";

/**
 * Goes through the caller's own sessions, newest first, and asks for the next page when the one before is used up. Each is
 * told once; those that are created meanwhile are not told.
 * @throws CallError when a page cannot be had.
 */
export async function* eachSession(
  client: Client,
  filter: Omit<ListSessionsInput, "pageToken"> = {},
  options?: QueryOptions,
): AsyncGenerator<Session, void, undefined> {
  let page = await client.listSessions(filter, options);
  for (;;) {
    yield* page.sessions;
    if (page.nextPageToken === undefined) return;
    page = await client.listSessions({ ...filter, pageToken: page.nextPageToken }, options);
  }
}
