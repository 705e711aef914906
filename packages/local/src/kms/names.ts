import { resourceName } from "../grpc/request.ts";

// The names of resources: https://cloud.google.com/kms/docs/getting-resource-ids
const id = "[a-zA-Z0-9_-]{1,63}";
const location = "projects/[^/]+/locations/[^/]+";
const keyRing = `${location}/keyRings/${id}`;
const cryptoKey = `${keyRing}/cryptoKeys/${id}`;

export const idPattern = new RegExp(`^${id}$`);

export const locationName = resourceName(new RegExp(`^${location}$`), "projects/*/locations/*");
export const keyRingName = resourceName(new RegExp(`^${keyRing}$`), "projects/*/locations/*/keyRings/*");
export const cryptoKeyName = resourceName(
  new RegExp(`^${cryptoKey}$`),
  "projects/*/locations/*/keyRings/*/cryptoKeys/*",
);
export const versionName = resourceName(
  new RegExp(`^${cryptoKey}/cryptoKeyVersions/${id}$`),
  "projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*",
);

/** The resource that a resource belongs to. */
export function parentOf(name: string): string {
  return name.split("/").slice(0, -2).join("/");
}

/** Those of the resources that belong directly to a parent. */
export function childrenOf<Resource extends { name: string }>(
  resources: Record<string, Resource>,
  parent: string,
): Resource[] {
  return Object.values(resources).filter(({ name }) => parentOf(name) === parent);
}
