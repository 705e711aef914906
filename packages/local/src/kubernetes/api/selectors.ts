import type { ApiObject } from "../resources/objects.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import { badRequest } from "./statusError.ts";

export type Predicate = (object: ApiObject) => boolean;

/**
 * What the selectors of a query pick. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 * and …/field-selectors/
 * @throws StatusError 400 for a selector that cannot be read, or a field that cannot be selected by.
 */
export function selectorOf(type: ResourceType, query: URLSearchParams): Predicate {
  const byLabels = splitTerms(query.get("labelSelector") ?? "").map(labelTerm);
  const byFields = (query.get("fieldSelector") ?? "")
    .split(",")
    .filter((term) => term !== "")
    .map((term) => fieldTerm(type, term));
  const terms = [...byLabels, ...byFields];
  return (object) => terms.every((term) => term(object));
}

/** Splits at commas, but not at those within the parentheses of a set. */
function splitTerms(selector: string): string[] {
  return selector
    .split(/,(?![^()]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

const labelName = String.raw`[A-Za-z0-9][-A-Za-z0-9_./]*`;
const equality = new RegExp(String.raw`^(${labelName})\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)$`);
const membership = new RegExp(String.raw`^(${labelName})\s+(in|notin)\s*\(([-A-Za-z0-9_.,\s]*)\)$`);
const existence = new RegExp(`^(!?)\\s*(${labelName})$`);

function labelTerm(term: string): Predicate {
  const equal = equality.exec(term);
  if (equal) {
    const [, key, operator, value] = equal;
    return (object) => (labelOf(object, key!) === value) === (operator !== "!=");
  }
  const member = membership.exec(term);
  if (member) {
    const [, key, operator, list] = member;
    const values = new Set(list!.split(",").map((value) => value.trim()));
    return (object) => values.has(labelOf(object, key!) ?? missing) === (operator === "in");
  }
  const exists = existence.exec(term);
  if (exists) {
    const [, not, key] = exists;
    return (object) => (labelOf(object, key!) !== undefined) === (not === "");
  }
  throw badRequest(`unable to parse requirement: ${term}`);
}

/** Stands for a label that is not there: no label's value can hold a NUL. */
const missing = "\0";

const labelOf = (object: ApiObject, key: string) => object.metadata.labels?.[key];

function fieldTerm(type: ResourceType, term: string): Predicate {
  const [, field, operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
  if (field === undefined) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const read = fieldReader(type, field);
  return (object) => (read(object) === value) === (operator !== "!=");
}

function fieldReader(type: ResourceType, field: string): (object: ApiObject) => string {
  if (field === "metadata.name") return (object) => object.metadata.name;
  if (field === "metadata.namespace" && type.namespaced) return (object) => object.metadata.namespace ?? "";
  const read = Object.hasOwn(type.selectableFields, field) ? type.selectableFields[field] : undefined;
  if (!read) throw badRequest(`field label not supported: ${field}`);
  return read;
}
