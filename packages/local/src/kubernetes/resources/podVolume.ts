import * as z from "zod";
import { nameRules } from "./metadata.ts";

// https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/

const mode = z.int().min(0).max(0o777);

/** Where in a volume a key's value is: never outside. */
const path = z.string().regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/, "must be a relative path without '..'");
const items = z.array(z.strictObject({ key: z.string().min(1), path, mode: mode.optional() }));
export type KeyToPath = z.infer<typeof items>[number];

const optional = z.boolean().optional();

const source = z
  .strictObject({
    secret: z.strictObject({ name: nameRules.subdomain, items: items.optional(), optional }).optional(),
    configMap: z.strictObject({ name: nameRules.subdomain, items: items.optional(), optional }).optional(),
  })
  .refine(
    (each) => Boolean(each.secret) !== Boolean(each.configMap),
    "must specify exactly one of secret and configMap",
  );

export const volume = z
  .strictObject({
    name: nameRules.label,
    secret: z
      .strictObject({
        secretName: nameRules.subdomain,
        items: items.optional(),
        defaultMode: mode.default(0o644),
        optional,
      })
      .optional(),
    configMap: z
      .strictObject({ name: nameRules.subdomain, items: items.optional(), defaultMode: mode.default(0o644), optional })
      .optional(),
    projected: z.strictObject({ sources: z.array(source), defaultMode: mode.default(0o644) }).optional(),
    emptyDir: z
      .strictObject({
        medium: z.enum(["", "Memory"]).optional(),
        sizeLimit: z.union([z.string(), z.number()]).optional(),
      })
      .optional(),
  })
  .refine(
    ({ secret, configMap, projected, emptyDir }) =>
      [secret, configMap, projected, emptyDir].filter(Boolean).length === 1,
    "must specify exactly one of secret, configMap, projected and emptyDir",
  );
export type Volume = z.infer<typeof volume>;
