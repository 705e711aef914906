import * as z from "zod";
import { bundleSchema } from "./bundle.ts";
import { plainText, seconds, text, uuid } from "./fields.ts";
import { sessionStates } from "./session.ts";

const limits = {
  commandCharacters: 8192,
  environmentBytes: 64 * 1024,
  pageTokenCharacters: 256,
  pageSize: { default: 20, maximum: 100 },
} as const;

/** Sessions on a page of listSessions where the input does not say. */
export const defaultPageSize = limits.pageSize.default;

const encoder = new TextEncoder();
const bytesOf = (env: Record<string, string>) => encoder.encode(Object.entries(env).flat().join("")).length;

export const commandSchema = text(limits.commandCharacters);

export const environmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a letter or _ followed by at most 127 letters, digits or _");

const environmentSchema = z.preprocess(
  // A record leaves this name out without a word, because to set it on an object is to set its prototype.
  (env, context) => {
    if (typeof env === "object" && env !== null && Object.hasOwn(env, "__proto__")) {
      context.addIssue({ code: "custom", path: ["__proto__"], message: "must have another name" });
    }
    return env;
  },
  z
    .record(environmentNameSchema, plainText)
    .refine(
      (env) => bytesOf(env) <= limits.environmentBytes,
      `must have ${limits.environmentBytes} bytes at most in all`,
    ),
);

/** What the database's integers hold: 68 years. */
const longestIdleSeconds = 2_147_483_647;
const lifetimeSeconds = seconds.min(60, "must be at least 60");

export const createSessionInput = z.strictObject({
  bundle: bundleSchema.describe("What to run."),
  command: commandSchema
    .optional()
    .describe(
      "Run by `sh -c` in the work folder, with the bundle's `node_modules/.bin` on `PATH`. Left out, it is the template's, " +
        "or the package's only program or the one that bears its name; where there is none the session ends `failed`.",
    ),
  env: environmentSchema
    .optional()
    .describe(
      "Environment variables of the command, `{NAME: value}`, 64 KiB of names and values in all. Names match " +
        "`^[A-Za-z_][A-Za-z0-9_]{0,127}$`. They reach the command alone, and are kept nowhere but in a Secret of the session.",
    ),
  lifetimeSeconds: lifetimeSeconds
    .optional()
    .describe(
      "How long it may live, counted from its start and not from the queue. `CLISCALE_LIFETIME_DEFAULT_SECONDS` (3600) " +
        "where it is left out; clamped to `CLISCALE_LIFETIME_MAX_SECONDS` (28800).",
    ),
  idleSeconds: seconds
    .min(0, "must be 0 or at least 10")
    .max(longestIdleSeconds, `must be at most ${longestIdleSeconds}`)
    .refine((value) => value <= 0 || value >= 10, "must be 0 or at least 10")
    .optional()
    .describe(
      "After how long without input, output or an attach it ends: 0 for never, else at least 10. Output alone keeps it for " +
        "`CLISCALE_IDLE_OUTPUT_MAX_SECONDS` (14400) after the last input or attach at most. " +
        "`CLISCALE_IDLE_DEFAULT_SECONDS` (1800) where it is left out.",
    ),
  requestId: uuid
    .optional()
    .describe(
      "Makes the call idempotent for its user: the same id again is the same session, with a token of its own; with other " +
        "input it is refused. Send one with each new session, so that a call whose answer got lost can be repeated.",
    ),
});
export type CreateSessionInput = z.infer<typeof createSessionInput>;

const sessionId = uuid.describe("One of the caller's own sessions.");

export const sessionIdInput = z.strictObject({ sessionId });
export type SessionIdInput = z.infer<typeof sessionIdInput>;

export const listSessionsInput = z.strictObject({
  state: z.enum(sessionStates).optional().describe("Only sessions in this state."),
  pageSize: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(limits.pageSize.maximum, `must be ${limits.pageSize.maximum} at most`)
    .optional()
    .describe(`How many sessions an answer has at most; ${limits.pageSize.default} where it is left out.`),
  pageToken: text(limits.pageTokenCharacters)
    .optional()
    .describe(
      "`nextPageToken` of the page before, as it was answered and with the same `state`; `pageSize` may differ. It works " +
        "for as long as you like, whatever sessions come and go.",
    ),
});
export type ListSessionsInput = z.infer<typeof listSessionsInput>;

export const extendSessionInput = z.strictObject({
  sessionId,
  lifetimeSeconds: lifetimeSeconds.describe(
    "How long it may live from now on, at least. It never ends earlier for it, and at the latest " +
      "`CLISCALE_LIFETIME_MAX_SECONDS` (28800) after its start. A queued session gets this lifetime, counted from its start, " +
      "where that is more than it has.",
  ),
});
export type ExtendSessionInput = z.infer<typeof extendSessionInput>;
