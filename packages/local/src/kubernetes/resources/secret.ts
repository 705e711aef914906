import * as z from "zod";
import { dataKey } from "./dataKey.ts";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface Secret extends ApiObject {
  type: string;
  /** Values in base64. */
  data?: Record<string, string> | undefined;
  immutable?: boolean | undefined;
}

/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
const maximumBytes = 1024 * 1024;

const isBase64 = (text: string) => Buffer.from(text, "base64").toString("base64") === text;

export const secrets = defineResource<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  singular: "secret",
  namespaced: true,
  schema: z
    .strictObject({
      apiVersion: z.literal("v1"),
      kind: z.literal("Secret"),
      metadata: objectMetadata,
      type: z.string().default("Opaque"),
      data: z.record(dataKey, z.string().refine(isBase64, "must be base64")).optional(),
      stringData: z.record(dataKey, z.string()).optional(),
      immutable: z.boolean().optional(),
    })
    .transform(withStringData)
    .refine((secret) => byteLength(secret.data) <= maximumBytes, {
      path: ["data"],
      message: `may not be more than ${maximumBytes} bytes`,
    }),
  selectableFields: { type: (secret) => secret.type },
  immutable: (secret) => ({ type: secret.type, ...(secret.immutable && { data: secret.data }) }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Type", type: "string" },
      { name: "Data", type: "integer" },
      { name: "Age", type: "string" },
    ],
    cells: (secret, age) => [secret.metadata.name, secret.type, Object.keys(secret.data ?? {}).length, age],
  },
});

/** `stringData` is write-only: it is merged into `data` and wins over it. */
function withStringData<T extends Pick<Secret, "data">>(sent: T & { stringData?: Record<string, string> | undefined }) {
  const { stringData, ...secret } = sent;
  if (!stringData) return secret;
  const added = Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString("base64")]);
  return { ...secret, data: { ...secret.data, ...(Object.fromEntries(added) as Record<string, string>) } };
}

function byteLength(data: Record<string, string> = {}): number {
  return Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, "base64"), 0);
}
