import { BlockList, isIP } from "node:net";
import { type KubernetesObject, releaseNamespace } from "./helm.ts";

/** Who sends or is sent to: a pod, or an address outside the cluster, maybe with the name that it was resolved from. */
export interface Endpoint {
  ip: string;
  pod?: { namespace: string; labels: Record<string, string> };
  host?: string;
}

export interface Connection {
  from: Endpoint;
  to: Endpoint;
  port: number;
  protocol?: "TCP" | "UDP";
}

interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}
interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number; protocol?: string }[];
  /** Of an FQDNNetworkPolicy. */
  matches?: { name?: string; pattern?: string }[];
}
interface Policy {
  namespace: string;
  podSelector: LabelSelector;
  policyTypes: string[];
  ingress: Rule[];
  egress: Rule[];
}

/**
 * Whether the rendered policies let a connection through: out of its pod and into the other.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function isAllowed(documents: KubernetesObject[], connection: Connection): boolean {
  const policies = documents.filter(({ kind }) => isPolicy(kind)).map(toPolicy);
  return leaves(policies, connection) && enters(policies, connection);
}

export const isPolicy = (kind: string) => kind === "NetworkPolicy" || kind === "FQDNNetworkPolicy";

function toPolicy({ kind, metadata, spec }: KubernetesObject): Policy {
  return {
    namespace: metadata.namespace ?? releaseNamespace,
    podSelector: spec.podSelector,
    policyTypes: kind === "FQDNNetworkPolicy" ? ["Egress"] : spec.policyTypes,
    ingress: spec.ingress ?? [],
    egress: spec.egress ?? [],
  };
}

function leaves(policies: Policy[], connection: Connection): boolean {
  const mine = policies.filter((policy) => selects(policy, connection.from) && policy.policyTypes.includes("Egress"));
  return mine.length === 0 || mine.some((policy) => policy.egress.some((rule) => lets(policy, rule, connection, "to")));
}

function enters(policies: Policy[], connection: Connection): boolean {
  const mine = policies.filter((policy) => selects(policy, connection.to) && policy.policyTypes.includes("Ingress"));
  return (
    mine.length === 0 || mine.some((policy) => policy.ingress.some((rule) => lets(policy, rule, connection, "from")))
  );
}

/** A pod that nothing selects is open, and so is what is no pod. */
function selects({ namespace, podSelector }: Policy, { pod }: Endpoint): boolean {
  return pod !== undefined && pod.namespace === namespace && matches(podSelector, pod.labels);
}

function lets(
  policy: Policy,
  rule: Rule,
  { from, to, port, protocol = "TCP" }: Connection,
  side: "from" | "to",
): boolean {
  const other = side === "from" ? from : to;
  const ports = rule.ports ?? [];
  if (ports.length > 0 && !ports.some((each) => each.port === port && (each.protocol ?? "TCP") === protocol))
    return false;
  if (rule.matches) return rule.matches.some((match) => isNamed(match, other.host));
  const peers = rule[side] ?? [];
  return peers.length === 0 || peers.some((peer) => isPeer(policy, peer, other));
}

function isPeer(policy: Policy, { ipBlock, podSelector, namespaceSelector }: Peer, { ip, pod }: Endpoint): boolean {
  if (ipBlock) return isIn(ipBlock.cidr, ip) && !(ipBlock.except ?? []).some((cidr) => isIn(cidr, ip));
  if (!pod) return false;
  const inNamespace = namespaceSelector
    ? matches(namespaceSelector, { "kubernetes.io/metadata.name": pod.namespace })
    : pod.namespace === policy.namespace;
  return inNamespace && matches(podSelector ?? {}, pod.labels);
}

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== "In") throw new Error(`the evaluator does not know the operator ${operator}`);
      return labels[key] !== undefined && values.includes(labels[key]);
    })
  );
}

function isIn(cidr: string, ip: string): boolean {
  const [network, prefix] = cidr.split("/");
  const family = isIP(network!) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(network!, Number(prefix), family);
  return isIP(ip) === isIP(network!) && list.check(ip, family);
}

/** A `*` in a pattern stands for one label of a name. */
function isNamed({ name, pattern }: { name?: string; pattern?: string }, host: string | undefined): boolean {
  if (host === undefined) return false;
  if (name !== undefined) return name === host;
  const expression = pattern!.replaceAll(".", "\\.").replaceAll("*", "[^.]+");
  return new RegExp(`^${expression}$`).test(host);
}
