import type * as z from "zod";
import type { Collection } from "../store/store.ts";
import { nameRules } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";

export const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

export type Verb = (typeof verbs)[number];

/** What can be asked of one object beside itself, such as `pods/log`. */
export interface Subresource {
  name: string;
  /** Of what is sent and answered; of the resource's own group and version if they are not named. */
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly Verb[];
}

export interface ColumnDefinition {
  name: string;
  format?: "name";
  type: "string" | "integer" | "date";
  /** 1: only with `kubectl get -o wide`. */
  priority?: number;
}

export const nameColumn: ColumnDefinition = { name: "Name", type: "string", format: "name" };

/** One kind of object that the API serves, and everything that is particular to it. */
export interface ResourceType<T extends ApiObject = ApiObject> extends Collection<T> {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  nameRule: z.ZodType<string>;
  /** The allowlist of what clients may send, with the API server's defaults. `status` is not among it: nobody may send one. */
  schema: z.ZodType;
  subresources: readonly Subresource[];
  /** What may be asked of it; reviews, which are answered and not kept, can only be created. */
  verbs: readonly Verb[];
  /** What field selectors may name beyond `metadata.name` and `metadata.namespace`. */
  selectableFields: Record<string, (object: T) => string>;
  /** Completes a new object that the schema let in. */
  prepareForCreate(object: T): T;
  /** Completes what is put in the place of an object with what only the API server sets. */
  prepareForUpdate(object: T, current: T): T;
  /** The part of an object that no update may change. */
  immutable(object: T): unknown;
  /** Columns of `kubectl get`, as the API server has them for this type. */
  columns: { definitions: ColumnDefinition[]; cells(object: T, age: string): unknown[] };
  /** What DELETE without a propagation policy does to dependents. */
  defaultPropagation: PropagationPolicy;
}

export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

type Optional =
  | "nameRule"
  | "subresources"
  | "verbs"
  | "selectableFields"
  | "prepareForCreate"
  | "prepareForUpdate"
  | "immutable"
  | "columns"
  | "defaultPropagation"
  | "shortNames"
  | "categories";

/** A resource type; what is left out is what most kinds have. */
export function defineResource<T extends ApiObject>(
  definition: Omit<ResourceType<T>, Optional | "id"> & Partial<Pick<ResourceType<T>, Optional>>,
): ResourceType<T> {
  return {
    id: definition.group ? `${definition.plural}.${definition.group}` : definition.plural,
    shortNames: [],
    categories: [],
    nameRule: nameRules.subdomain,
    subresources: [],
    verbs,
    selectableFields: {},
    prepareForCreate: (object) => object,
    prepareForUpdate: (object) => object,
    immutable: () => undefined,
    columns: {
      definitions: [nameColumn, { name: "Age", type: "string" }],
      cells: (object, age) => [object.metadata.name, age],
    },
    defaultPropagation: "Background",
    ...definition,
  };
}

export const apiVersionOf = (type: Pick<ResourceType, "group" | "version">) =>
  type.group ? `${type.group}/${type.version}` : type.version;
