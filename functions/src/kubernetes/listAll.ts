import type { V1ListMeta } from "@kubernetes/client-node";
import { hasCode } from "./apiStatus.ts";

interface PageRequest {
  limit: number;
  _continue?: string;
}

interface Page<T> {
  items: T[];
  metadata?: V1ListMeta;
}

const pageSize = 500;
/** How often a list begins again because the API no longer knew how to go on with it. */
const maximumRestarts = 3;

/**
 * Lists everything, page by page, or throws: a part is never taken for the whole. A list whose token has expired (410) begins again.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function listAll<T>(readPage: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await listOnce(readPage);
    } catch (error) {
      if (!hasCode(error, 410) || restarts === maximumRestarts) throw error;
    }
  }
}

async function listOnce<T>(readPage: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, metadata } = await readPage({ limit: pageSize, ...(token && { _continue: token }) });
    all.push(...items);
    // oxlint-disable-next-line no-underscore-dangle -- the client's name for a word that is reserved in JavaScript
    token = metadata?._continue;
  } while (token);
  return all;
}
