import { StatusError } from "./statusError.ts";

export interface PageRequest {
  pageSize?: number | undefined;
  pageToken?: string | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** Empty on the last page. */
  nextPageToken: string;
}

/** Numbers in names count as numbers, so that version 10 comes after version 9. */
const { compare } = new Intl.Collator("en", { numeric: true });

/**
 * One page of the items in the order of their names: https://google.aip.dev/158. A token holds the last name of the page
 * before, so items that come and go between two pages shift nothing.
 * @throws StatusError INVALID_ARGUMENT for a token that is none.
 */
export function page<Item extends { name: string }>(
  items: Item[],
  { pageSize, pageToken }: PageRequest,
  { defaultSize, maximumSize }: { defaultSize: number; maximumSize: number },
): Page<Item> {
  const last = pageToken === undefined ? undefined : decodeToken(pageToken);
  const rest = items
    .filter(({ name }) => last === undefined || compare(name, last) > 0)
    .sort((a, b) => compare(a.name, b.name));
  const found = rest.slice(0, Math.min(pageSize ?? defaultSize, maximumSize));
  return { items: found, nextPageToken: found.length < rest.length ? encodeToken(found.at(-1)!.name) : "" };
}

function encodeToken(name: string): string {
  return Buffer.from(name).toString("base64url");
}

function decodeToken(token: string): string {
  const name = Buffer.from(token, "base64url").toString();
  if (encodeToken(name) !== token || !name.startsWith("projects/")) {
    throw new StatusError("INVALID_ARGUMENT", "pageToken: is not the nextPageToken of an earlier answer");
  }
  return name;
}
