import { randomBytes } from "node:crypto";
import type { ApiObject } from "../resources/objects.ts";
import { badRequest, StatusError } from "./statusError.ts";

/** How long the rest of a list is kept for who has read its beginning, in milliseconds: as long as etcd keeps a revision. */
const keptMilliseconds = 5 * 60_000;

/** How many lists at most are half read; the oldest is forgotten. */
const maximumKept = 64;

export interface Page {
  items: ApiObject[];
  /** For the next page. */
  continueToken?: string;
  /** How many items are left after this page. */
  remaining?: number;
  /** Of the whole list. */
  revision: number;
}

/** Gives lists page by page, each as it stood when its first page was read. */
export interface Pager {
  /** The first page of a list; all of it without a limit. */
  first(items: ApiObject[], revision: number, limit: number): Page;
  /**
   * The page that a token is for.
   * @throws StatusError 410 when the list has been forgotten.
   */
  next(token: string, limit: number): Page;
}

interface Rest {
  items: ApiObject[];
  revision: number;
  keptUntil: number;
}

export function createPager(now: () => number = Date.now): Pager {
  const kept = new Map<string, Rest>();

  const page = (all: ApiObject[], revision: number, limit: number, keptUntil: number): Page => {
    if (limit === 0 || all.length <= limit) return { items: all, revision };
    const continueToken = randomBytes(18).toString("base64url");
    const items = all.slice(limit);
    kept.set(continueToken, { items, revision, keptUntil });
    if (kept.size > maximumKept) kept.delete(kept.keys().next().value!);
    return { items: all.slice(0, limit), continueToken, remaining: items.length, revision };
  };

  return {
    first: (items, revision, limit) => page(items, revision, limit, now() + keptMilliseconds),
    next(token, limit) {
      if (!/^[\w-]{24}$/.test(token)) throw badRequest("continue key is not valid: it is none that this server gave");
      const rest = kept.get(token);
      if (!rest || rest.keptUntil < now()) {
        kept.delete(token);
        throw new StatusError(
          410,
          "Expired",
          "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
        );
      }
      return page(rest.items, rest.revision, limit, rest.keptUntil);
    },
  };
}
