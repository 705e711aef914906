import * as z from "zod";
import { labels as labelMap } from "./metadata.ts";

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements

const requirement = z.strictObject({
  key: z.string().min(1),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).optional(),
});

export const labelSelector = z.strictObject({
  matchLabels: labelMap.optional(),
  matchExpressions: z.array(requirement).optional(),
});
export type LabelSelector = z.infer<typeof labelSelector>;

/** Whether labels are what a selector picks; an empty selector picks everything. */
export function isSelected(selector: LabelSelector, labels: Record<string, string> = {}): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((each) => meets(each, labels[each.key]));
}

function meets({ operator, values = [] }: z.infer<typeof requirement>, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** A selector as kubectl prints it. */
export function formatSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) =>
    values.length > 0
      ? `${key} ${operator.toLowerCase()} (${values.join(",")})`
      : `${operator === "Exists" ? "" : "!"}${key}`,
  );
  return [...equal, ...others].join(",") || "<none>";
}
