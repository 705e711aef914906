import {
  accessReviews,
  rulesReviews,
  type SelfSubjectAccessReview,
  type SelfSubjectRulesReview,
  selfReviews,
} from "../resources/accessReview.ts";
import type { ApiObject } from "../resources/objects.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import type { Store } from "../store/store.ts";
import type { User } from "./authenticate.ts";
import { decodeObject } from "./decode.ts";
import { isAllowed, isAllowedPath, rulesOf } from "./rbac.ts";

const reviews = new Set([accessReviews.id, rulesReviews.id, selfReviews.id]);

export const isReview = (type: Pick<ResourceType, "id">) => reviews.has(type.id);

/**
 * Answers what a user asks about itself, as `kubectl auth can-i` and `kubectl auth whoami` do.
 * @throws StatusError 422 for a question that is none.
 */
export function answerReview(store: Store, type: ResourceType, user: User, input: unknown): object {
  const review = decodeObject(type, input);
  return { ...review, metadata: { creationTimestamp: null }, status: statusOf(store, type, user, review) };
}

function statusOf(store: Store, type: ResourceType, user: User, review: Pick<ApiObject, "spec">): object {
  switch (type.id) {
    case accessReviews.id:
      return { allowed: isAllowedTo(store, user, (review as SelfSubjectAccessReview).spec) };
    case rulesReviews.id: {
      const rules = rulesOf(store, user, (review as SelfSubjectRulesReview).spec.namespace);
      return {
        resourceRules: rules.filter((rule) => rule.resources),
        nonResourceRules: rules.filter((rule) => rule.nonResourceURLs),
        incomplete: false,
      };
    }
    default:
      return { userInfo: { username: user.name, groups: user.groups } };
  }
}

function isAllowedTo(store: Store, user: User, spec: SelfSubjectAccessReview["spec"]): boolean {
  const { resourceAttributes: asked, nonResourceAttributes: path } = spec;
  if (!asked) return isAllowedPath(store, user, path!.verb, path!.path);
  const resource = asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource;
  const { verb, group, name } = asked;
  return isAllowed(store, user, {
    verb,
    group,
    resource,
    name: name || undefined,
    namespace: asked.namespace || undefined,
  });
}
