import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource } from "./resourceType.ts";

// Questions of a user about itself, which are answered and not kept:
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access

const authorization = "authorization.k8s.io";
const authentication = "authentication.k8s.io";

const accessSpec = z
  .strictObject({
    resourceAttributes: z
      .strictObject({
        namespace: z.string().optional(),
        verb: z.string(),
        group: z.string().default(""),
        version: z.string().optional(),
        resource: z.string(),
        subresource: z.string().optional(),
        name: z.string().optional(),
      })
      .optional(),
    nonResourceAttributes: z.strictObject({ path: z.string(), verb: z.string() }).optional(),
  })
  .refine(
    (spec) => Boolean(spec.resourceAttributes) !== Boolean(spec.nonResourceAttributes),
    "must specify exactly one of resourceAttributes and nonResourceAttributes",
  );

export interface SelfSubjectAccessReview extends ApiObject {
  spec: z.infer<typeof accessSpec>;
}

export interface SelfSubjectRulesReview extends ApiObject {
  spec: { namespace: string };
}

function review<T extends ApiObject>(group: string, kind: string, spec?: z.ZodType) {
  return defineResource<T>({
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    namespaced: false,
    verbs: ["create"],
    schema: z.strictObject({
      apiVersion: z.literal(`${group}/v1`),
      kind: z.literal(kind),
      metadata: objectMetadata,
      ...(spec && { spec }),
    }),
  });
}

export const accessReviews = review<SelfSubjectAccessReview>(authorization, "SelfSubjectAccessReview", accessSpec);
export const rulesReviews = review<SelfSubjectRulesReview>(
  authorization,
  "SelfSubjectRulesReview",
  z.strictObject({ namespace: z.string().min(1) }),
);
export const selfReviews = review<ApiObject>(authentication, "SelfSubjectReview");
