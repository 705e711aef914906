import * as z from "zod";
import { nameRules, templateMetadata } from "./metadata.ts";
import { environmentVariable, environmentSource } from "./podEnvironment.ts";
import { probe } from "./podProbe.ts";
import { volume } from "./podVolume.ts";

// What the stand-in models of a pod. A field that is not named here is refused: a pod must not seem to get what it does
// not get. Defaults are the API server's: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/

const name = nameRules.label;
const seconds = z.int().min(0);
const portNumber = z.int().min(1).max(65535);

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));

const seccompProfile = z.strictObject({ type: z.enum(["RuntimeDefault", "Unconfined"]) });

const containerPort = z.strictObject({
  name: nameRules.label.max(15, "must be no more than 15 characters").optional(),
  containerPort: portNumber,
  protocol: z.literal("TCP").default("TCP"),
});

/** A path within a volume, which never leads out of it. */
const subPath = z.string().regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))/, "must be a relative path without '..'");

const lifecycle = z.strictObject({
  /** Only a pause, by which load balancers are given time to look elsewhere. */
  preStop: z.strictObject({ sleep: z.strictObject({ seconds }) }).optional(),
});

/** https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const path = image.slice(image.lastIndexOf("/") + 1);
  const floating = !path.includes("@") && (!path.includes(":") || path.endsWith(":latest"));
  return floating ? "Always" : "IfNotPresent";
}

const container = z
  .strictObject({
    name,
    image: z.string().min(1),
    imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
    command: z.array(z.string()).optional(),
    args: z.array(z.string()).optional(),
    workingDir: z.string().startsWith("/").optional(),
    env: z.array(environmentVariable).optional(),
    envFrom: z.array(environmentSource).optional(),
    ports: z.array(containerPort).optional(),
    resources: z.strictObject({ limits: quantities.optional(), requests: quantities.optional() }).default({}),
    volumeMounts: z
      .array(
        z.strictObject({
          name,
          mountPath: z.string().startsWith("/"),
          subPath: subPath.optional(),
          readOnly: z.boolean().optional(),
        }),
      )
      .optional(),
    startupProbe: probe.optional(),
    readinessProbe: probe.optional(),
    livenessProbe: probe.optional(),
    lifecycle: lifecycle.optional(),
    securityContext: z
      .strictObject({
        allowPrivilegeEscalation: z.boolean().optional(),
        capabilities: z
          .strictObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() })
          .optional(),
        privileged: z.literal(false).optional(),
        readOnlyRootFilesystem: z.boolean().optional(),
        runAsGroup: z.int().optional(),
        runAsNonRoot: z.boolean().optional(),
        runAsUser: z.int().optional(),
        seccompProfile: seccompProfile.optional(),
      })
      .optional(),
    terminationMessagePath: z.string().startsWith("/").default("/dev/termination-log"),
    terminationMessagePolicy: z.enum(["File", "FallbackToLogsOnError"]).default("File"),
  })
  .transform((each) => ({ ...each, imagePullPolicy: each.imagePullPolicy ?? defaultPullPolicy(each.image) }));
export type Container = z.infer<typeof container>;

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

const nodeAffinity = z.looseObject({});
const podAffinity = z.looseObject({});
const topologySpreadConstraint = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string().min(1),
  whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]),
  labelSelector: z.looseObject({}).optional(),
  matchLabelKeys: z.array(z.string()).optional(),
  minDomains: z.int().min(1).optional(),
  nodeAffinityPolicy: z.enum(["Honor", "Ignore"]).optional(),
  nodeTaintsPolicy: z.enum(["Honor", "Ignore"]).optional(),
});

/**
 * One container, without a service account token. Where it runs and as whom (`nodeSelector`, `tolerations`, affinities,
 * spread, security contexts) is accepted and kept, and means nothing on one machine.
 */
export const podSpec = z
  .strictObject({
    restartPolicy: z.enum(["Always", "OnFailure", "Never"]).default("Always"),
    containers: z.array(container).length(1, "the Kubernetes stand-in models pods of exactly one container"),
    volumes: z.array(volume).optional(),
    terminationGracePeriodSeconds: seconds.default(30),
    automountServiceAccountToken: z.literal(false).optional(),
    enableServiceLinks: z.boolean().default(true),
    serviceAccountName: z.string().default("default"),
    serviceAccount: z.string().optional(),
    imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
    runtimeClassName: z.string().optional(),
    priorityClassName: z.string().optional(),
    hostname: z.string().optional(),
    nodeName: z.string().optional(),
    nodeSelector: z.record(z.string(), z.string()).optional(),
    tolerations: z.array(toleration).optional(),
    affinity: z
      .strictObject({
        nodeAffinity: nodeAffinity.optional(),
        podAffinity: podAffinity.optional(),
        podAntiAffinity: podAffinity.optional(),
      })
      .optional(),
    topologySpreadConstraints: z.array(topologySpreadConstraint).optional(),
    securityContext: z
      .strictObject({
        fsGroup: z.int().optional(),
        fsGroupChangePolicy: z.enum(["Always", "OnRootMismatch"]).optional(),
        runAsGroup: z.int().optional(),
        runAsNonRoot: z.boolean().optional(),
        runAsUser: z.int().optional(),
        supplementalGroups: z.array(z.int()).optional(),
        seccompProfile: seccompProfile.optional(),
      })
      .default({}),
    dnsPolicy: z.literal("ClusterFirst").default("ClusterFirst"),
    schedulerName: z.literal("default-scheduler").default("default-scheduler"),
  })
  .superRefine((spec, context) => {
    const [first] = spec.containers;
    const refuse = (path: (string | number)[], message: string, input: unknown) =>
      context.addIssue({ code: "custom", path: ["containers", 0, ...path], message, input });
    const volumes = new Set(spec.volumes?.map((each) => each.name));
    for (const [index, mount] of first?.volumeMounts?.entries() ?? []) {
      if (!volumes.has(mount.name)) refuse(["volumeMounts", index, "name"], "Not found", mount.name);
    }
    const ports = new Set(first?.ports?.map((each) => each.name));
    for (const kind of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
      const port = first?.[kind]?.tcpSocket?.port ?? first?.[kind]?.httpGet?.port;
      if (typeof port === "string" && !ports.has(port)) refuse([kind], `the container has no port named ${port}`, port);
    }
  });
export type PodSpec = z.infer<typeof podSpec>;

export const podTemplate = z.strictObject({ metadata: templateMetadata.default({}), spec: podSpec });
export type PodTemplate = z.infer<typeof podTemplate>;

/** The port of a container that a number or a name stands for, or undefined when there is none of that name. */
export function portOf({ ports }: Container, port: number | string): number | undefined {
  if (typeof port === "number") return port;
  return ports?.find((each) => each.name === port)?.containerPort;
}
