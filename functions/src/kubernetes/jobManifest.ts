import type { SessionRow } from "@cliscale/db";
// What the Job and the chart must agree on: the chart makes the namespace, the account and the fences that the Job relies on.
import runner from "@cliscale/k8s-chart/runner.json" with { type: "json" };
import type { V1Job, V1Secret } from "@kubernetes/client-node";
import type { BundleSettings } from "../bundleSettings.ts";
import { bundleEnvironment, resolveBundle } from "../sessions/bundle.ts";

/** Where runner Jobs live. */
export const runnerNamespace = runner.namespace;

export const sessionLabel = runner.sessionLabel;

/** Selects the Jobs and pods of all sessions. */
export const runnerSelector = `app.kubernetes.io/managed-by=cliscale,${sessionLabel}`;

/** On the Job of a start that has failed and could not be taken back, for the sweep to do it. */
export const withdrawnAnnotation = "cliscale.dev/withdrawn";

/** How long after the longest lifetime Kubernetes itself ends a pod that everything else forgot. */
const deadlineGraceSeconds = 300;
/** How long a finished Job stays, for its ending to be read and for people to look at. */
const keepFinishedSeconds = 600;
/** From SIGTERM to SIGKILL: the runner warns the command and ends it before. */
const terminationGraceSeconds = 15;

const secretFolder = "/run/cliscale/session";
const workFolder = "/workspace";
const terminationLog = "/dev/termination-log";

export function jobName(sessionId: string): string {
  return `session-${sessionId}`;
}

/** No text of a user's goes into a label: labels select, and their values are visible to everybody who lists. */
function labelsOf(sessionId: string): Record<string, string> {
  return { ...runner.labels, [sessionLabel]: sessionId };
}

export interface JobSettings {
  runnerImage: string;
  /** The RuntimeClass of the pods; empty for the cluster's own runtime. */
  runtimeClass: string;
  lifetimeMaxSeconds: number;
  bundles: BundleSettings;
}

/** The Job of a session, suspended: it starts when the session leaves the queue. User code in it is hostile. */
export function jobManifest(
  session: SessionRow,
  { runnerImage, runtimeClass, lifetimeMaxSeconds, bundles }: JobSettings,
): V1Job {
  const labels = labelsOf(session.id);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(session.id), namespace: runnerNamespace, labels },
    spec: {
      suspend: true,
      backoffLimit: 0,
      activeDeadlineSeconds: lifetimeMaxSeconds + deadlineGraceSeconds,
      ttlSecondsAfterFinished: keepFinishedSeconds,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          serviceAccountName: runner.serviceAccountName,
          priorityClassName: runner.priorityClassName,
          ...(runtimeClass && { runtimeClassName: runtimeClass }),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: terminationGraceSeconds,
          securityContext: runner.podSecurityContext,
          containers: [
            {
              name: "runner",
              image: runnerImage,
              env: environment(session, bundles),
              ports: [{ name: "terminal", containerPort: runner.terminalPort }],
              readinessProbe: { tcpSocket: { port: runner.terminalPort }, periodSeconds: 1 },
              resources: { requests: runner.resources, limits: runner.resources },
              securityContext: runner.securityContext,
              terminationMessagePath: terminationLog,
              terminationMessagePolicy: "File",
              volumeMounts: [
                { name: "session", mountPath: secretFolder, readOnly: true },
                { name: "work", mountPath: workFolder },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            { name: "session", secret: { secretName: jobName(session.id), defaultMode: 0o440 } },
            { name: "work", emptyDir: { sizeLimit: "1536Mi" } },
            { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
          ],
        },
      },
    },
  };
}

function environment(session: SessionRow, bundles: BundleSettings) {
  const { bundle_source: source, bundle_sha256: digest } = session;
  const bundle = resolveBundle(bundles, { source, ...(digest !== null && { sha256: digest }) });
  const fixed = {
    RUNNER_SESSION_ID: session.id,
    RUNNER_SECRET_DIR: secretFolder,
    RUNNER_WORK_DIR: workFolder,
    RUNNER_TERMINATION_LOG: terminationLog,
    RUNNER_BUNDLE_SOURCE: literal(bundle.source),
    ...(bundle.sha256 && { RUNNER_BUNDLE_SHA256: bundle.sha256 }),
    ...bundleEnvironment(bundles),
  };
  return [
    ...Object.entries(fixed).map(([name, value]) => ({ name, value })),
    { name: "RUNNER_ADDRESS", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
  ];
}

/** Kubernetes expands `$(NAME)` in the values of variables; `$$` stands for `$`. */
function literal(value: string): string {
  return value.replaceAll("$", "$$$$");
}

/**
 * What only the pod may know, as files of the Secret that the Job owns: it goes when the Job goes. The command is among
 * them because people put keys into commands.
 */
export function secretManifest(
  session: SessionRow,
  jobUid: string,
  env: Record<string, string>,
  { bundleCa }: Pick<BundleSettings, "bundleCa">,
): V1Secret {
  const name = jobName(session.id);
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "Opaque",
    metadata: {
      name,
      namespace: runnerNamespace,
      labels: labelsOf(session.id),
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid: jobUid }],
    },
    stringData: {
      "pod-secret": session.pod_secret,
      "env.json": JSON.stringify(env),
      ...(session.command !== null && { command: session.command }),
      ...(bundleCa !== "" && { "bundle-ca.pem": bundleCa }),
    },
  };
}
