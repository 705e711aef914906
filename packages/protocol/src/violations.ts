import type * as z from "zod";
import type { Violation } from "./errorDetails.ts";

/** Violations that are named, and characters of an unknown field's name: what is refused is not sent back at any length. */
const named = { violations: 100, characters: 100 };

const expectations: Record<string, string> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
};

/**
 * How a violation is put where a schema has no words of its own; for zod's `error` option:
 * https://zod.dev/error-customization#per-parse-error-customization
 */
export function violationMessage(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code !== "invalid_type") return "is not valid";
  return issue.input === undefined ? "is required" : `must be ${expectations[issue.expected] ?? issue.expected}`;
}

/** The violations that a zod error stands for: one for each thing that is wrong with a field. */
export function violationsOf(error: z.ZodError): Violation[] {
  const violations = error.issues.flatMap(violationsOfIssue);
  if (violations.length <= named.violations) return violations;
  const left = violations.length - named.violations;
  return [
    ...violations.slice(0, named.violations),
    { field: "(input)", message: `has ${left} more that is not valid` },
  ];
}

function violationsOfIssue(issue: z.core.$ZodIssue): Violation[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: fieldOf([...issue.path, key]), message: "is not a field of the input" }));
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ field: fieldOf(issue.path), message: `its name ${message}` }));
  }
  return [{ field: fieldOf(issue.path), message: issue.message }];
}

function fieldOf(path: PropertyKey[]): string {
  const names = path.map((part) => {
    const name = String(part).toWellFormed();
    return name.length > named.characters ? `${name.slice(0, named.characters).toWellFormed()}…` : name;
  });
  return names.join(".") || "(input)";
}
