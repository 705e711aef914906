import type { Pod } from "../resources/pod.ts";
import type { Container, FieldPath } from "../resources/podSpec.ts";
import type { Image } from "./images.ts";

export interface ContainerProgram {
  /** The program and its arguments, of which there is at least the first. */
  argv: string[];
  environment: Record<string, string>;
}

/**
 * What a container runs, and with which environment: the image's, and over it the container's. References of the form
 * `$(NAME)` are resolved among the container's own variables, those above one for a variable.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function programOf(pod: Pod, image: Image): ContainerProgram {
  const container = pod.spec.containers[0]!;
  const variables = variablesOf(pod, container);
  const command = container.command ?? image.entrypoint;
  // A container's own command makes the image's arguments void.
  const args = container.args ?? (container.command ? [] : (image.defaultArguments ?? []));
  return {
    argv: [...command, ...args].map((text) => expand(text, variables)),
    environment: {
      HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
      ...image.environment,
      ...Object.fromEntries(variables),
    },
  };
}

function variablesOf(pod: Pod, container: Container): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { name, value = "", valueFrom } of container.env ?? []) {
    variables.set(name, valueFrom ? fieldOf(pod, valueFrom.fieldRef.fieldPath) : expand(value, variables));
  }
  return variables;
}

function fieldOf({ metadata, status }: Pod, path: FieldPath): string {
  switch (path) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid;
    case "status.podIP":
      return status.podIP ?? "";
  }
}

/** `$(NAME)` is the variable's value, or stays where there is none; `$$` is one dollar sign. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name) ?? whole),
  );
}
