import type { Logger } from "@cliscale/service";
import { createObject } from "../api/createObject.ts";
import { namespaces } from "../resources/namespace.ts";
import { serviceAccounts } from "../resources/serviceAccount.ts";
import type { Store } from "../store/store.ts";
import { startController } from "./controller.ts";

/** Sees that every namespace has the account that pods have which name none. */
export function startServiceAccountController(store: Store, logger: Logger): () => void {
  return startController(store, logger, {
    name: "service account controller",
    collection: namespaces,
    concerns: ({ collection, type, object }) =>
      collection.id === serviceAccounts.id && type === "DELETED" ? [`/${object.metadata.namespace}`] : [],
    sync({ metadata, status }) {
      if (status.phase !== "Active" || store.get(serviceAccounts, metadata.name, "default")) return;
      createObject(store, serviceAccounts, metadata.name, { metadata: { name: "default" } });
    },
  });
}
