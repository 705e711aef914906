import * as z from "zod";
import type { ApiObject } from "../resources/objects.ts";
import type { PropagationPolicy, ResourceType } from "../resources/resourceType.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Store } from "../store/store.ts";
import { badRequest, conflict, forbidden, type Status } from "./statusError.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
export const deleteOptions = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.literal("DeleteOptions").optional(),
  propagationPolicy: z.enum(["Orphan", "Background", "Foreground"]).optional(),
  gracePeriodSeconds: z.int().min(0).optional(),
  preconditions: z.strictObject({ uid: z.string().optional(), resourceVersion: z.string().optional() }).optional(),
  dryRun: z.array(z.literal("All")).optional(),
});
type DeleteOptions = z.infer<typeof deleteOptions>;

/** Namespaces that the cluster itself lives in. */
const immortalNamespaces = new Set(["default", "kube-system"]);

/**
 * The options of a DELETE, from its body or, for each that is not there, from its query.
 * @throws StatusError 400 for options that are none, or are not modelled.
 */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const grace = query.get("gracePeriodSeconds");
  const fromQuery = {
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    gracePeriodSeconds: grace === null ? undefined : Number(grace),
    dryRun: query.has("dryRun") ? query.getAll("dryRun") : undefined,
  };
  const given = Object.entries(fromQuery).filter(([, value]) => value !== undefined);
  const result = deleteOptions.safeParse({ ...Object.fromEntries(given), ...(body as object | undefined) });
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw badRequest(`DeleteOptions: ${problems.join(", ")}`);
}

/** Deletes one object and says what became of it; a warning goes along where the API's default may surprise. */
export function answerDelete(
  store: Store,
  type: ResourceType,
  object: ApiObject,
  options: DeleteOptions,
): { body: object; warning?: string } {
  const { name } = object.metadata;
  requirePreconditions(type, object, options);
  if (type.kind === "Namespace" && immortalNamespaces.has(name)) {
    throw forbidden(type, name, "this namespace may not be deleted");
  }
  const propagationPolicy: PropagationPolicy = options.propagationPolicy ?? type.defaultPropagation;
  const dryRun = options.dryRun !== undefined;
  const result = dryRun ? { object, gone: true } : deleteObject(store, type, object, { ...options, propagationPolicy });
  const body = result.gone && type.kind !== "Pod" ? success(type, object) : result.object;
  const surprises = options.propagationPolicy === undefined && type.defaultPropagation === "Orphan";
  return surprises ? { body, warning: orphanWarning } : { body };
}

const orphanWarning =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

function requirePreconditions(type: ResourceType, { metadata }: ApiObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      type,
      metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      type,
      metadata.name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
  }
}

function success(type: ResourceType, { metadata }: ApiObject): Omit<Status, "code"> {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: metadata.name, ...(type.group && { group: type.group }), kind: type.plural, uid: metadata.uid },
  };
}
