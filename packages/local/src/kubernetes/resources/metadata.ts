import * as z from "zod";

// Rules of https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and …/labels/

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/** What a name may look like: most kinds take a subdomain, namespaces a label, RBAC whatever fits into a path. */
export const nameRules = {
  subdomain: z
    .string()
    .max(253, "must be no more than 253 characters")
    .regex(
      new RegExp(`^${label}(\\.${label})*$`),
      `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${label}(\\.${label})*')`,
    ),
  label: z
    .string()
    .max(63, "must be no more than 63 characters")
    .regex(
      new RegExp(`^${label}$`),
      `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
    ),
  pathSegment: z
    .string()
    .max(253, "must be no more than 253 characters")
    .regex(/^(?!\.{1,2}$)[^/%]+$/, "may not be '.' or '..' and may not contain '/' or '%'"),
};

const labelValue = z
  .string()
  .max(63, "must be no more than 63 characters")
  .regex(
    /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  );
const qualifiedName = z
  .string()
  .regex(
    /^([a-z0-9][-a-z0-9.]{0,252}\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  );

export const labels = z.record(qualifiedName, labelValue);
export const annotations = z.record(qualifiedName, z.string());

const ownerReference = z.strictObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  name: z.string().min(1),
  uid: z.string().min(1),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});

/** `metadata` of a template, which never becomes an object of that name itself. */
export const templateMetadata = z.strictObject({
  name: z.string().optional(),
  labels: labels.optional(),
  annotations: annotations.optional(),
  creationTimestamp: z.string().optional(),
});

/** `metadata` as a client may send it. What the API server owns is let in, because clients send back what they read. */
export const objectMetadata = z.strictObject({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  labels: labels.optional(),
  annotations: annotations.optional(),
  ownerReferences: z.array(ownerReference).optional(),
  resourceVersion: z.string().optional(),
  uid: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  deletionGracePeriodSeconds: z.int().optional(),
  finalizers: z.array(z.string()).optional(),
  managedFields: z.unknown().optional(),
});
