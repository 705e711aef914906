import * as z from "zod";

/** Bytes that Kubernetes keeps of a container's termination message. */
export const terminationMessageBytes = 4096;

// PostgreSQL's text does not hold a NUL byte: a message with one could not be recorded.
const text = z.string().regex(/^[^\0]*$/, "must not contain a NUL byte");

/**
 * What the runner leaves behind when it ends, as JSON in its container's termination message
 * (https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/). User code shares the pod with
 * the runner, so a reader trusts no more of it than this schema.
 */
export const terminationMessageSchema = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("exited"),
    /** 128+N when signal N ended the command. */
    exitCode: z.int().min(0).max(255),
    command: text.max(1024).optional(),
  }),
  z.object({
    /** The command never ran. */
    outcome: z.literal("failed"),
    message: text.min(1).max(1024),
    command: text.max(1024).optional(),
  }),
]);
export type TerminationMessage = z.infer<typeof terminationMessageSchema>;
