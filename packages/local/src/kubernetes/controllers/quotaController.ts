import type { Logger } from "@cliscale/service";
import { countedAs, countOf } from "../api/admission.ts";
import { resourceTypes } from "../resources/registry.ts";
import { resourceQuotas } from "../resources/resourceQuota.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, putStatus, startController } from "./controller.ts";

/** Tells how much of its quotas a namespace has used; admission itself counts anew each time. */
export function startQuotaController(store: Store, logger: Logger): () => void {
  return startController(store, logger, {
    name: "quota controller",
    collection: resourceQuotas,
    concerns: ({ collection, object }) =>
      collection.id === resourceQuotas.id ? [] : keysBeside(store, resourceQuotas, object),
    sync(quota) {
      const { hard = {} } = quota.spec;
      const counted = Object.keys(hard).flatMap((name) => {
        const type = resourceTypes.find((each) => countedAs(each).includes(name));
        return type ? [[name, String(countOf(store, type, quota.metadata.namespace!, name))] as const] : [];
      });
      putStatus(store, resourceQuotas, quota, { hard, used: Object.fromEntries(counted) });
    },
  });
}
