import { resourceTypes } from "../resources/registry.ts";
import { apiVersionOf, type ResourceType } from "../resources/resourceType.ts";

/** The release whose behaviour the stand-in follows. */
export const release = { major: "1", minor: "34" } as const;

/**
 * What a discovery path answers, or undefined when it is none: which groups, versions and resources there are.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
export function discover(path: string): object | undefined {
  const [, root, ...rest] = path.replace(/\/$/, "").split("/");
  if (path === "/version") return versionInfo();
  if (root === "api" && rest.length === 0) return { kind: "APIVersions", apiVersion: "v1", versions: ["v1"] };
  if (root === "api" && rest.length === 1) return resourceList("", rest[0]!);
  if (root === "apis" && rest.length === 0)
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups().map(describeGroup) };
  if (root === "apis" && rest.length === 1) {
    return groups().includes(rest[0]!) ? { kind: "APIGroup", apiVersion: "v1", ...describeGroup(rest[0]!) } : undefined;
  }
  if (root === "apis" && rest.length === 2) return resourceList(rest[0]!, rest[1]!);
  return undefined;
}

const groups = () => [...new Set(resourceTypes.map((type) => type.group))].filter((group) => group !== "");

function describeGroup(name: string) {
  const versions = [...new Set(resourceTypes.filter((type) => type.group === name).map((type) => type.version))].map(
    (version) => ({ groupVersion: `${name}/${version}`, version }),
  );
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(group: string, version: string): object | undefined {
  const types = resourceTypes.filter((type) => type.group === group && type.version === version);
  if (types.length === 0) return undefined;
  const groupVersion = apiVersionOf(types[0]!);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: types.flatMap(describeResource) };
}

function describeResource(type: ResourceType): object[] {
  const { plural, singular, namespaced, kind, shortNames, categories, subresources, verbs } = type;
  return [
    { name: plural, singularName: singular, namespaced, kind, verbs, shortNames, categories },
    ...subresources.map(({ name, ...subresource }) => ({
      name: `${plural}/${name}`,
      singularName: "",
      namespaced,
      ...subresource,
    })),
  ];
}

function versionInfo() {
  return {
    ...release,
    gitVersion: `v${release.major}.${release.minor}.0-cliscale`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: process.version,
    compiler: "node",
    platform: `${process.platform}/${process.arch}`,
  };
}
