import * as z from "zod";

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables

const variableName = z
  .string()
  .regex(
    /^[-._a-zA-Z][-._a-zA-Z0-9]*$/,
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
  );

/** The fields of a pod that a variable may be read from, beside a label or an annotation of a name. */
const fieldPath = z
  .string()
  .regex(
    /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['[^']+'\]|spec\.(nodeName|serviceAccountName)|status\.(podIP|podIPs|hostIP|hostIPs))$/,
    "is no field that a variable can be read from",
  );

const keyReference = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z.boolean().optional(),
});
export type KeyReference = z.infer<typeof keyReference>;

const valueFrom = z
  .strictObject({
    fieldRef: z.strictObject({ apiVersion: z.literal("v1").default("v1"), fieldPath }).optional(),
    secretKeyRef: keyReference.optional(),
    configMapKeyRef: keyReference.optional(),
  })
  .refine((source) => Object.values(source).filter(Boolean).length === 1, "must specify exactly one source");

export const environmentVariable = z
  .strictObject({ name: variableName, value: z.string().optional(), valueFrom: valueFrom.optional() })
  .refine((variable) => !variable.value || !variable.valueFrom, "may not be specified when `value` is not empty");

const objectReference = z.strictObject({ name: z.string().min(1), optional: z.boolean().optional() });

/** All keys of a secret or a config map as variables. */
export const environmentSource = z
  .strictObject({
    prefix: z.string().optional(),
    secretRef: objectReference.optional(),
    configMapRef: objectReference.optional(),
  })
  .refine(
    (source) => Boolean(source.secretRef) !== Boolean(source.configMapRef),
    "must specify exactly one of secretRef and configMapRef",
  );
