// oxlint-disable-next-line typescript/no-explicit-any -- pods of several models, and such as no model allows
export type PodSpec = any;

const volumeKinds = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const seccompProfiles = new Set(["RuntimeDefault", "Localhost"]);

/**
 * What the Pod Security Standard `restricted` refuses of a pod, by the names of its controls:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function podSecurityViolations(spec: PodSpec): string[] {
  const containers: PodSpec[] = [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  const pod: PodSpec = spec.securityContext ?? {};
  const everyContainer = (holds: (context: PodSpec, container: PodSpec) => boolean) =>
    containers.every((container) => holds(container.securityContext ?? {}, container));

  const controls: Record<string, boolean> = {
    "Host Namespaces": !spec.hostNetwork && !spec.hostPID && !spec.hostIPC,
    HostProcess: !pod.windowsOptions?.hostProcess && everyContainer((context) => !context.windowsOptions?.hostProcess),
    "Privileged Containers": everyContainer((context) => !context.privileged),
    Capabilities: everyContainer(
      ({ capabilities }) =>
        capabilities?.drop?.includes("ALL") &&
        (capabilities.add ?? []).every((name: string) => name === "NET_BIND_SERVICE"),
    ),
    "Volume Types": (spec.volumes ?? []).every((volume: PodSpec) =>
      Object.keys(volume).every((key) => key === "name" || volumeKinds.has(key)),
    ),
    "Host Ports": everyContainer(
      (_context, container) => !(container.ports ?? []).some((port: PodSpec) => port.hostPort),
    ),
    "Host Probes / Lifecycle Hooks": everyContainer(
      (_context, container) => !JSON.stringify(container).includes('"host":'),
    ),
    "/proc Mount Type": everyContainer((context) => (context.procMount ?? "Default") === "Default"),
    Sysctls: (pod.sysctls ?? []).length === 0,
    "Privilege Escalation": everyContainer((context) => context.allowPrivilegeEscalation === false),
    "Running as Non-root": everyContainer((context) => (context.runAsNonRoot ?? pod.runAsNonRoot) === true),
    "Running as Non-root user": everyContainer((context) => (context.runAsUser ?? pod.runAsUser) !== 0),
    Seccomp: everyContainer((context) => seccompProfiles.has((context.seccompProfile ?? pod.seccompProfile)?.type)),
  };
  return Object.entries(controls).flatMap(([name, holds]) => (holds ? [] : [name]));
}
