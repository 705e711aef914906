import * as z from "zod";
import { nameRules, templateMetadata } from "./metadata.ts";

// What the stand-in models of a pod. A field that is not named here is refused: a pod must not seem to get what it does
// not get. Defaults are the API server's: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/

const name = nameRules.label;
const seconds = z.int().min(0);
const positive = z.int().min(1);
const portNumber = z.int().min(1).max(65535);

/** The fields that an environment variable may be read from. */
export const fieldPaths = ["metadata.name", "metadata.namespace", "metadata.uid", "status.podIP"] as const;
export type FieldPath = (typeof fieldPaths)[number];

const environmentVariable = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[-._a-zA-Z][-._a-zA-Z0-9]*$/,
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
      ),
    value: z.string().optional(),
    valueFrom: z
      .strictObject({
        fieldRef: z.strictObject({ apiVersion: z.literal("v1").default("v1"), fieldPath: z.enum(fieldPaths) }),
      })
      .optional(),
  })
  .refine((variable) => !variable.value || !variable.valueFrom, "may not be specified when `value` is not empty");

const readinessProbe = z
  .strictObject({
    tcpSocket: z.strictObject({ port: portNumber }).optional(),
    httpGet: z
      .strictObject({
        path: z.string().default("/"),
        port: portNumber,
        scheme: z.literal("HTTP").default("HTTP"),
        httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
      })
      .optional(),
    initialDelaySeconds: seconds.optional(),
    timeoutSeconds: positive.default(1),
    periodSeconds: positive.default(10),
    successThreshold: positive.default(1),
    failureThreshold: positive.default(3),
  })
  .refine(
    (probe) => Boolean(probe.tcpSocket) !== Boolean(probe.httpGet),
    "must specify exactly one of tcpSocket and httpGet",
  );
export type ReadinessProbe = z.infer<typeof readinessProbe>;

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));

const seccompProfile = z.strictObject({ type: z.enum(["RuntimeDefault", "Unconfined"]) });

const container = z.strictObject({
  name,
  image: z.string().min(1),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  workingDir: z.string().startsWith("/").optional(),
  env: z.array(environmentVariable).optional(),
  ports: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        containerPort: portNumber,
        protocol: z.literal("TCP").default("TCP"),
      }),
    )
    .optional(),
  resources: z.strictObject({ limits: quantities.optional(), requests: quantities.optional() }).default({}),
  volumeMounts: z
    .array(z.strictObject({ name, mountPath: z.string().startsWith("/"), readOnly: z.boolean().optional() }))
    .optional(),
  readinessProbe: readinessProbe.optional(),
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
  terminationMessagePolicy: z.literal("File").default("File"),
});
export type Container = z.infer<typeof container>;

const volume = z
  .strictObject({
    name,
    secret: z
      .strictObject({ secretName: nameRules.subdomain, defaultMode: z.int().min(0).max(0o777).default(0o644) })
      .optional(),
    emptyDir: z
      .strictObject({
        medium: z.enum(["", "Memory"]).optional(),
        sizeLimit: z.union([z.string(), z.number()]).optional(),
      })
      .optional(),
  })
  .refine(
    (value) => Boolean(value.secret) !== Boolean(value.emptyDir),
    "must specify exactly one of secret and emptyDir",
  );
export type Volume = z.infer<typeof volume>;

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

/**
 * One container that is run once, without a service account token. Where it runs and as whom (`nodeSelector`,
 * `tolerations`, class names, security contexts) is accepted and kept, and means nothing on one machine.
 */
export const podSpec = z
  .strictObject({
    restartPolicy: z.literal("Never"),
    containers: z.array(container).length(1, "the Kubernetes stand-in models pods of exactly one container"),
    volumes: z.array(volume).optional(),
    terminationGracePeriodSeconds: seconds.default(30),
    automountServiceAccountToken: z.literal(false),
    enableServiceLinks: z.boolean().default(true),
    serviceAccountName: z.string().default("default"),
    serviceAccount: z.string().optional(),
    runtimeClassName: z.string().optional(),
    priorityClassName: z.string().optional(),
    hostname: z.string().optional(),
    nodeName: z.string().optional(),
    nodeSelector: z.record(z.string(), z.string()).optional(),
    tolerations: z.array(toleration).optional(),
    securityContext: z
      .strictObject({
        fsGroup: z.int().optional(),
        runAsGroup: z.int().optional(),
        runAsNonRoot: z.boolean().optional(),
        runAsUser: z.int().optional(),
        seccompProfile: seccompProfile.optional(),
      })
      .default({}),
    dnsPolicy: z.literal("ClusterFirst").default("ClusterFirst"),
    schedulerName: z.literal("default-scheduler").default("default-scheduler"),
  })
  .superRefine((spec, context) => {
    const volumes = new Set(spec.volumes?.map((each) => each.name));
    for (const [index, mount] of spec.containers[0]?.volumeMounts?.entries() ?? []) {
      if (volumes.has(mount.name)) continue;
      context.addIssue({
        code: "custom",
        path: ["containers", 0, "volumeMounts", index, "name"],
        message: "Not found",
        input: mount.name,
      });
    }
  });
export type PodSpec = z.infer<typeof podSpec>;

export const podTemplate = z.strictObject({ metadata: templateMetadata.default({}), spec: podSpec });

/** The pull policy of a container that names none: https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
export function withDefaultPullPolicy(spec: PodSpec): PodSpec {
  const containers = spec.containers.map((each) => {
    const path = each.image.slice(each.image.lastIndexOf("/") + 1);
    const floating = !path.includes("@") && (!path.includes(":") || path.endsWith(":latest"));
    return { ...each, imagePullPolicy: each.imagePullPolicy ?? (floating ? "Always" : "IfNotPresent") } as const;
  });
  return { ...spec, containers };
}
