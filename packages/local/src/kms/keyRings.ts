import * as z from "zod";
import { page } from "../grpc/page.ts";
import { pageFields, parseRequest } from "../grpc/request.ts";
import type { Handlers } from "../grpc/server.ts";
import { timestamp } from "../grpc/time.ts";
import type { Kms } from "./kms.ts";
import { childrenOf, idPattern, keyRingName, locationName } from "./names.ts";
import { pageLimits } from "./pageLimits.ts";
import { find, insert, type KeyRing } from "./state.ts";

const createRequest = z.strictObject({
  parent: locationName,
  keyRingId: z.string({ error: "is required" }).regex(idPattern, "must match [a-zA-Z0-9_-]{1,63}"),
  keyRing: z.strictObject({}).optional(),
});
const getRequest = z.strictObject({ name: keyRingName });
const listRequest = z.strictObject({ parent: locationName, ...pageFields });

export function keyRingHandlers({ file, now }: Kms) {
  return {
    async CreateKeyRing(request) {
      const { parent, keyRingId } = parseRequest(createRequest, request);
      const keyRing = { name: `${parent}/keyRings/${keyRingId}`, createTime: now().toISOString() };
      await file.update((state) => insert(state.keyRings, keyRing));
      return message(keyRing);
    },

    GetKeyRing(request) {
      const { name } = parseRequest(getRequest, request);
      return message(find(file.state.keyRings, name));
    },

    ListKeyRings(request) {
      const { parent, ...pageRequest } = parseRequest(listRequest, request);
      const keyRings = childrenOf(file.state.keyRings, parent);
      const { items, nextPageToken } = page(keyRings, pageRequest, pageLimits);
      return { keyRings: items.map(message), nextPageToken, totalSize: keyRings.length };
    },
  } satisfies Handlers;
}

function message({ name, createTime }: KeyRing) {
  return { name, createTime: timestamp(createTime) };
}
