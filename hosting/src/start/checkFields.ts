import {
  BundleSourceError,
  type Violation,
  createSessionInput,
  parseBundleSource,
  violationMessage,
  violationsOf,
} from "@cliscale/protocol";
import { type StartFields, requestOf } from "./startFields.ts";

/**
 * What is wrong with the fields of a start, as far as it can be told without asking: the service's own schema, and how a
 * source is written. Which bundles are allowed is the operator's to say, and told by the call.
 */
export function checkFields(fields: StartFields): Violation[] {
  const request = requestOf(fields);
  const found = createSessionInput.safeParse(request, { error: violationMessage });
  return [...(found.error ? violationsOf(found.error) : sourceViolations(request.bundle.source)), ...repeated(fields)];
}

function sourceViolations(source: string): Violation[] {
  try {
    parseBundleSource(source);
    return [];
  } catch (error) {
    if (error instanceof BundleSourceError) return [{ field: "bundle.source", message: error.message }];
    throw error;
  }
}

/** In the request the last one of a name wins, which nobody would see. */
function repeated({ variables }: StartFields): Violation[] {
  const names = variables.filter(({ value }) => value !== "").map(({ name }) => name.trim());
  const twice = new Set(names.filter((name, index) => name !== "" && names.indexOf(name) !== index));
  return [...twice].map((name) => ({ field: `env.${name}`, message: "is there twice" }));
}
