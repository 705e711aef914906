import { AuthorizationV1Api, AuthenticationV1Api } from "@kubernetes/client-node";
import { kubeConfig } from "../kubernetes/cluster.ts";
import { runnerNamespace as namespace } from "../kubernetes/jobManifest.ts";
import type { Check } from "./check.ts";
import { actingAs, type Identities } from "./identities.ts";
import type { DoctorSettings } from "./settings.ts";

interface Access {
  group: string;
  resource: string;
  subresource?: string;
  verbs: readonly string[];
}

/** What the functions do (kubernetes/cluster.ts), and some of what they must not be able to. */
const needed: Access[] = [
  { group: "batch", resource: "jobs", verbs: ["create", "get", "list", "patch", "delete"] },
  { group: "", resource: "pods", verbs: ["list", "watch"] },
  { group: "", resource: "secrets", verbs: ["create"] },
];
const forbidden: Access[] = [
  { group: "", resource: "secrets", verbs: ["get", "list", "watch", "update", "patch", "delete"] },
  { group: "", resource: "pods", verbs: ["create", "delete"] },
  { group: "", resource: "pods", subresource: "exec", verbs: ["create", "get"] },
  { group: "rbac.authorization.k8s.io", resource: "rolebindings", verbs: ["create", "patch"] },
];

export function kubernetesChecks({ functions, serviceAccounts }: DoctorSettings, identities: Identities): Check[] {
  const config = kubeConfig(actingAs(functions.kubernetes, identities.functions));
  const authorization = config.makeApiClient(AuthorizationV1Api);
  const authentication = config.makeApiClient(AuthenticationV1Api);

  /** Those of the accesses that the functions have, or have not. */
  async function accessesThat(isAllowed: boolean, accesses: Access[]): Promise<string[]> {
    const found: string[] = [];
    for (const { verbs, ...asked } of accesses) {
      for (const verb of verbs) {
        const spec = { resourceAttributes: { namespace, verb, ...asked } };
        const { status } = await authorization.createSelfSubjectAccessReview({ body: { spec } });
        if (status?.allowed === isAllowed)
          found.push(`${verb} ${[asked.resource, asked.subresource].filter(Boolean).join("/")}`);
      }
    }
    return found;
  }

  const neededCheck = (access: Access): Check => ({
    name: `kubernetes: ${access.resource}`,
    needs: ["kubernetes: api"],
    async run() {
      const lacking = await accessesThat(false, [access]);
      if (lacking.length > 0) throw new Error(`the functions may not ${lacking.join(", ")} in ${namespace}`);
      return `the functions may ${access.verbs.join(", ")} them`;
    },
    remedy: `install the chart, with runner.functionsUser set to ${serviceAccounts.functions}`,
  });

  return [
    {
      name: "kubernetes: api",
      needs: identities.functions ? ["identity: functions"] : [],
      async run() {
        const { status } = await authentication.createSelfSubjectReview({ body: {} });
        return `knows the functions as ${status?.userInfo?.username}`;
      },
      remedy: `look at CLISCALE_KUBERNETES_ENDPOINT (GKE's DNS endpoint), and grant ${serviceAccounts.functions} a role with container.clusters.connect and container.clusters.get`,
    },
    ...needed.map(neededCheck),
    {
      name: "kubernetes: no more",
      needs: ["kubernetes: api"],
      async run() {
        const tooMuch = await accessesThat(true, forbidden);
        if (tooMuch.length > 0) throw new Error(`the functions may ${tooMuch.join(", ")} in ${namespace}`);
        return "the functions may do nothing else there";
      },
      remedy: `take from ${serviceAccounts.functions} the roles that allow this; roles/container.developer is one`,
    },
  ];
}
