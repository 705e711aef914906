import * as z from "zod";

interface Field {
  name: string;
  /** In words, with its constraints and a link where it has a section of its own. */
  type: string;
  optional: boolean;
  description: string;
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The fields of a schema as a Markdown table; those of an object inside get the object's name before theirs. */
export function fieldTable(schema: z.ZodType): string {
  const { $ref, $defs, ...inline } = z.toJSONSchema(schema);
  // A schema with a name of its own is referred to even where it is all that there is.
  const rows = fieldsOf($ref === undefined ? inline : $defs![nameOf($ref)]!).map(
    ({ name, type, optional, description }) =>
      `| \`${name}\` | ${type}${optional ? ", optional" : ""} | ${description} |`,
  );
  if (rows.length === 0) throw new Error("a table without a field");
  return ["| field | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

function fieldsOf(schema: JsonSchema, prefix = ""): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const field = property as JsonSchema;
    const name = `${prefix}${key}`;
    if (!field.description) throw new Error(`the field ${name} has no description`);
    const own = {
      name,
      type: typeOf(field),
      optional: !schema.required?.includes(key),
      description: field.description,
    };
    const item = field.type === "array" ? (field.items as JsonSchema) : field;
    return [own, ...fieldsOf(item, `${name}${field.type === "array" ? "[]" : ""}.`)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.$ref) return link(nameOf(schema.$ref));
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  if (schema.type === "string") return textOf(schema);
  if (schema.type === "integer") return `whole number${rangeOf(schema)}`;
  if (schema.type === "array") return `list of ${plural(schema.items as JsonSchema)}`;
  if (schema.type === "boolean" || schema.type === "object") return schema.type;
  throw new Error(`the reference has no words for ${JSON.stringify(schema)}`);
}

function plural(schema: JsonSchema): string {
  return schema.$ref ? typeOf(schema) : "objects";
}

const formats: Record<string, string> = { "date-time": "time", uri: "URL", uuid: "UUID" };

function textOf({ format, minLength, maxLength }: JsonSchema): string {
  if (format) return formats[format] ?? format;
  return maxLength === undefined ? "text" : `text, ${minLength ?? 0}–${maxLength} characters`;
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  // Every whole number has the limits of what a double holds exactly.
  const from = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from !== undefined && to !== undefined) return `, ${from}–${to}`;
  return from === undefined ? "" : `, ${from} or more`;
}

const nameOf = ($ref: string) => $ref.split("/").at(-1)!;
const code = (value: unknown) => `\`${String(value)}\``;
const link = (name: string) => `[${name}](#${name.toLowerCase()})`;
