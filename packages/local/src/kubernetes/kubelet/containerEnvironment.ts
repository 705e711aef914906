import type { Pod } from "../resources/pod.ts";
import type { KeyReference } from "../resources/podEnvironment.ts";
import type { Container } from "../resources/podSpec.ts";
import { services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";
import type { Image } from "./images.ts";
import { node } from "./podStatus.ts";
import { MissingReferenceError, valuesOf } from "./references.ts";

export interface ContainerProgram {
  /** The program and its arguments, of which there is at least the first. */
  argv: string[];
  environment: Record<string, string>;
}

/**
 * What a container runs, and with which environment: the image's, and over it the container's. References of the form
 * `$(NAME)` are resolved among the container's own variables, those above one for a variable.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 * @throws MissingReferenceError when a variable is to be read from what is not there.
 */
export function programOf(store: Store, pod: Pod, image: Image): ContainerProgram {
  const container = pod.spec.containers[0]!;
  const variables = variablesOf(store, pod, container);
  const command = container.command ?? image.entrypoint;
  // A container's own command makes the image's arguments void.
  const args = container.args ?? (container.command ? [] : (image.defaultArguments ?? []));
  return {
    argv: [...command, ...args].map((text) => expand(text, variables)),
    environment: {
      HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
      ...image.environment,
      ...(pod.spec.enableServiceLinks ? serviceLinks(store, pod) : {}),
      ...Object.fromEntries(variables),
    },
  };
}

function variablesOf(store: Store, pod: Pod, container: Container): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { prefix = "", secretRef, configMapRef } of container.envFrom ?? []) {
    const values = secretRef
      ? valuesOf(store, pod, "secret", secretRef)
      : valuesOf(store, pod, "configmap", configMapRef!);
    for (const [key, value] of values ?? []) variables.set(prefix + key, value.toString("utf8"));
  }
  for (const { name, value = "", valueFrom } of container.env ?? []) {
    if (!valueFrom) variables.set(name, expand(value, variables));
    else {
      const found = valueOf(store, pod, valueFrom);
      if (found !== undefined) variables.set(name, found);
    }
  }
  return variables;
}

type ValueSource = NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>;

function valueOf(store: Store, pod: Pod, { fieldRef, secretKeyRef, configMapKeyRef }: ValueSource): string | undefined {
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  if (secretKeyRef) return keyOf(store, pod, "secret", secretKeyRef);
  return keyOf(store, pod, "configmap", configMapKeyRef!);
}

function keyOf(store: Store, pod: Pod, kind: "secret" | "configmap", reference: KeyReference): string | undefined {
  const value = valuesOf(store, pod, kind, reference)?.get(reference.key);
  if (value) return value.toString("utf8");
  if (reference.optional) return undefined;
  const where = `${pod.metadata.namespace}/${reference.name}`;
  throw new MissingReferenceError(
    `couldn't find key ${reference.key} in ${kind === "secret" ? "Secret" : "ConfigMap"} ${where}`,
  );
}

/** The field that a path of the schema names. */
function fieldOf({ metadata, spec, status }: Pod, path: string): string {
  const [, kind, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (kind) return metadata[kind as "labels" | "annotations"]?.[key!] ?? "";
  const address = status.podIP ?? "";
  const fields: Record<string, string | undefined> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.podIP": address,
    "status.podIPs": address,
    "status.hostIP": node.address,
    "status.hostIPs": node.address,
  };
  return fields[path] ?? "";
}

/** https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables */
function serviceLinks(store: Store, { metadata }: Pod): Record<string, string> {
  const links = store.list(services, metadata.namespace).flatMap((service) => {
    const { clusterIP, ports = [] } = service.spec;
    if (!clusterIP || clusterIP === "None" || ports.length === 0) return [];
    const prefix = service.metadata.name.toUpperCase().replaceAll("-", "_");
    const named = ports
      .filter((each) => each.name)
      .map(({ name, port }) => [`${prefix}_SERVICE_PORT_${name!.toUpperCase().replaceAll("-", "_")}`, String(port)]);
    return [[`${prefix}_SERVICE_HOST`, clusterIP], [`${prefix}_SERVICE_PORT`, String(ports[0]!.port)], ...named];
  });
  return Object.fromEntries(links) as Record<string, string>;
}

/** `$(NAME)` is the variable's value, or stays where there is none; `$$` is one dollar sign. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name) ?? whole),
  );
}
