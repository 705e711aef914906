import * as z from "zod";
import { nameRules, objectMetadata } from "./metadata.ts";
import { type ApiObject, type Condition, hasCondition } from "./objects.ts";
import { podTemplate } from "./podSpec.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

// What the stand-in models of a Job: one pod at a time, until one has succeeded.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
const jobSpec = z.strictObject({
  suspend: z.boolean().default(false),
  parallelism: z.literal(1).default(1),
  completions: z.literal(1).default(1),
  completionMode: z.literal("NonIndexed").default("NonIndexed"),
  podReplacementPolicy: z.literal("TerminatingOrFailed").default("TerminatingOrFailed"),
  backoffLimit: z.int().min(0).default(6),
  activeDeadlineSeconds: z.int().min(1).optional(),
  ttlSecondsAfterFinished: z.int().min(0).optional(),
  selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }).optional(),
  template: podTemplate.refine(({ spec }) => spec.restartPolicy !== "Always", {
    path: ["spec", "restartPolicy"],
    message: 'Unsupported value: "Always": supported values: "OnFailure", "Never"',
  }),
});
export type JobSpec = z.infer<typeof jobSpec>;

export interface JobStatus {
  conditions?: Condition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  succeeded?: number;
  failed?: number;
  terminating?: number;
  uncountedTerminatedPods?: Record<string, never>;
}

export interface Job extends ApiObject {
  spec: JobSpec;
  status: JobStatus;
}

/** The labels by which a Job finds its pods, and others find a Job's pods; the plain ones are the older names. */
export const jobLabels = {
  uid: "batch.kubernetes.io/controller-uid",
  name: "batch.kubernetes.io/job-name",
  olderUid: "controller-uid",
  olderName: "job-name",
} as const;

export const isFinishedJob = (job: Job) =>
  hasCondition(job.status.conditions, "Complete") || hasCondition(job.status.conditions, "Failed");

export const jobs = defineResource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  singular: "job",
  categories: ["all"],
  namespaced: true,
  // A Job's name becomes the value of a label.
  nameRule: nameRules.subdomain.max(63, "must be no more than 63 characters"),
  schema: z.strictObject({
    apiVersion: z.literal("batch/v1"),
    kind: z.literal("Job"),
    metadata: objectMetadata,
    spec: jobSpec,
  }),
  selectableFields: { "status.successful": (job) => String(job.status.succeeded ?? 0) },
  prepareForCreate: withSelector,
  immutable: ({ spec }) => ({
    spec: { selector: spec.selector, template: spec.template, completions: spec.completions },
  }),
  // batch/v1 keeps what its first version did: https://kubernetes.io/docs/concepts/architecture/garbage-collection/#orphaned-dependents
  defaultPropagation: "Orphan",
  columns: {
    definitions: [
      nameColumn,
      { name: "Status", type: "string" },
      { name: "Completions", type: "string" },
      { name: "Duration", type: "string" },
      { name: "Age", type: "string" },
      { name: "Containers", type: "string", priority: 1 },
      { name: "Images", type: "string", priority: 1 },
      { name: "Selector", type: "string", priority: 1 },
    ],
    cells: (job, age) => [
      job.metadata.name,
      statusWord(job),
      `${job.status.succeeded ?? 0}/${job.spec.completions}`,
      durationOf(job),
      age,
      job.spec.template.spec.containers.map((container) => container.name).join(","),
      job.spec.template.spec.containers.map((container) => container.image).join(","),
      Object.entries(job.spec.selector?.matchLabels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
    ],
  },
});

/** The selector and labels that tie pods to this Job and to no other of its name. */
function withSelector(job: Job): Job {
  const { uid, name } = job.metadata;
  const template = job.spec.template;
  const labels = {
    ...template.metadata.labels,
    [jobLabels.uid]: uid,
    [jobLabels.name]: name,
    [jobLabels.olderUid]: uid,
    [jobLabels.olderName]: name,
  };
  return {
    ...job,
    metadata: { ...job.metadata, labels: job.metadata.labels ?? template.metadata.labels },
    spec: {
      ...job.spec,
      selector: { matchLabels: { [jobLabels.uid]: uid } },
      template: { metadata: { ...template.metadata, labels }, spec: template.spec },
    },
    status: {},
  };
}

function statusWord(job: Job): string {
  if (job.metadata.deletionTimestamp) return "Terminating";
  for (const type of ["Complete", "Failed", "Suspended", "FailureTarget"]) {
    if (hasCondition(job.status.conditions, type)) return type;
  }
  return "Running";
}

function durationOf(job: Job): string {
  if (!job.status.startTime) return "";
  const end = job.status.completionTime ? Date.parse(job.status.completionTime) : Date.now();
  return `${Math.max(0, Math.round((end - Date.parse(job.status.startTime)) / 1000))}s`;
}
