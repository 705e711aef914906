import type * as z from "zod";
import type { ErrorCode } from "./errors.ts";
import { createSessionInput, extendSessionInput, listSessionsInput, sessionIdInput } from "./inputs.ts";
import { sessionAnswerSchema, sessionListSchema, startAnswerSchema } from "./outputs.ts";
import { stageEventSchema } from "./stages.ts";

interface CallableDefinition {
  /** One sentence. */
  description: string;
  input: z.ZodType;
  output: z.ZodType;
  /** What a caller that asks for a stream is sent before the output. */
  chunk?: z.ZodType;
  /** Whether a disabled, deleted or signed-out user is refused at once, instead of when the ID token expires. */
  checksRevocation: boolean;
  /** The codes it may answer besides those of every callable, and when. */
  errors: Partial<Record<Exclude<ErrorCode, CommonErrorCode>, string>>;
}

/** What every callable may answer. */
export const commonErrorCodes = [
  "unauthenticated",
  "permission-denied",
  "invalid-argument",
  "unavailable",
  "internal",
] as const satisfies ErrorCode[];
type CommonErrorCode = (typeof commonErrorCodes)[number];

const notFound = { "not-found": "The caller has no such session." };

/** The callable functions. Functions, client and API reference are made from this table. */
export const callables = {
  createSession: {
    description: "Starts a session, and answers when its terminal can be attached.",
    input: createSessionInput,
    output: startAnswerSchema,
    chunk: stageEventSchema,
    checksRevocation: true,
    errors: {
      "resource-exhausted":
        "Too many sessions, of this user or in total, or too many new ones in the last minute: `details.limit` tells.",
    },
  },
  attachSession: {
    description: "Answers a fresh attach token, once the session's terminal can be attached.",
    input: sessionIdInput,
    output: startAnswerSchema,
    chunk: stageEventSchema,
    checksRevocation: true,
    errors: { ...notFound, "failed-precondition": "The session has ended. getSession tells how." },
  },
  getSession: {
    description: "Answers a session as it stands now, after a short look at its pod.",
    input: sessionIdInput,
    output: sessionAnswerSchema,
    checksRevocation: false,
    errors: notFound,
  },
  listSessions: {
    description: "Answers the caller's own sessions, newest first, a page at a time.",
    input: listSessionsInput,
    output: sessionListSchema,
    checksRevocation: false,
    errors: {},
  },
  extendSession: {
    description: "Lets a session live longer.",
    input: extendSessionInput,
    output: sessionAnswerSchema,
    checksRevocation: true,
    errors: { ...notFound, "failed-precondition": "The session has ended. Start a new one." },
  },
  stopSession: {
    description: "Ends a session; one that has ended stays as it is, and that is no error.",
    input: sessionIdInput,
    output: sessionAnswerSchema,
    checksRevocation: false,
    errors: notFound,
  },
} satisfies Record<string, CallableDefinition>;

export type CallableName = keyof typeof callables;
export type CallableInput<Name extends CallableName> = z.infer<(typeof callables)[Name]["input"]>;
export type CallableOutput<Name extends CallableName> = z.infer<(typeof callables)[Name]["output"]>;
