import * as z from "zod";

export const sessionStates = ["queued", "starting", "ready", "ended"] as const;
export type SessionState = (typeof sessionStates)[number];

export const endReasons = ["exited", "stopped", "idle", "deadline", "failed", "lost"] as const;
export type EndReason = (typeof endReasons)[number];

export interface Session {
  /** UUID, 122 random bits. */
  id: string;
  state: SessionState;
  /** Present exactly when ended. `failed`: the command never ran; `lost`: pod or Job vanished without a word. */
  endReason?: EndReason;
  /** Present exactly when `exited`; 128+N when signal N ended the command. */
  exitCode?: number;
  /** One sentence for a person; always there when `failed` or `lost`. */
  message?: string;
  bundle: Bundle;
  /** Absent only until the package's own program is known. */
  command?: string;
  /** Times are RFC 3339 in UTC. */
  createdAt: string;
  expiresAt: string;
  readyAt?: string;
  endedAt?: string;
  lastActiveAt?: string;
  /** 0: never ends for being idle. */
  idleSeconds: number;
  /** When it will end if nothing happens. */
  idleAt?: string;
  /** Place in the queue, 1 is next; present exactly when queued. */
  position?: number;
}

/** What a client needs to attach: the gateway's URL without the token, and a token that enters once. */
export interface Attach {
  url: string;
  token: string;
  expiresAt: string;
}

export interface SessionAnswer {
  session: Session;
}

export interface StartAnswer extends SessionAnswer {
  attach?: Attach;
}

export const stages = ["queued", "scheduling", "pulling", "starting", "ready"] as const;
export type Stage = (typeof stages)[number];

/** A chunk of a streamed start: a stage that has been reached. */
export interface StageEvent {
  stage: Stage;
  at: string;
  /** Of the session that is starting, so that a caller can stop it, or come back to it, before it is ready. */
  sessionId?: string;
  message?: string;
  position?: number;
}

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "must be a UUID in lower case");
const encoder = new TextEncoder();

const limits = {
  sourceCharacters: 2048,
  commandCharacters: 8192,
  environmentBytes: 64 * 1024,
};

// A NUL byte cannot be passed to a program, and PostgreSQL's text does not hold one either.
const text = (maximum: number) =>
  z
    .string()
    .min(1, "must not be empty")
    .max(maximum, `must have ${maximum} characters at most`)
    .refine((value) => !value.includes("\0"), "must not contain a NUL byte");

export const bundleSchema = z.strictObject({
  source: text(limits.sourceCharacters).refine(
    (source) => /^(npm:|https:\/\/|template:)./.test(source),
    "must start with npm:, https:// or template:",
  ),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits")
    .optional(),
});
export type Bundle = z.infer<typeof bundleSchema>;

export const commandSchema = text(limits.commandCharacters);

export const environmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a letter or _ followed by at most 127 letters, digits or _");
const environmentSchema = z
  .record(
    environmentNameSchema,
    z.string().refine((value) => !value.includes("\0"), "must not contain a NUL byte"),
  )
  .refine(
    (env) => encoder.encode(Object.entries(env).flat().join("")).length <= limits.environmentBytes,
    `must have ${limits.environmentBytes} bytes at most in all`,
  );

export const createSessionInput = z.strictObject({
  bundle: bundleSchema,
  command: commandSchema.optional(),
  env: environmentSchema.optional(),
  /** Above the maximum it is clamped. */
  lifetimeSeconds: z.int("must be a whole number of seconds").min(60, "must be at least 60").optional(),
  /** 0 means never. */
  idleSeconds: z
    .int("must be a whole number of seconds")
    .min(0, "must be 0 or at least 10")
    .refine((seconds) => seconds === 0 || seconds >= 10, "must be 0 or at least 10")
    .optional(),
  /** Makes the call idempotent for its user; clients always send one. */
  requestId: uuid.optional(),
});
export type CreateSessionInput = z.infer<typeof createSessionInput>;

export const sessionIdInput = z.strictObject({ sessionId: uuid });
export type SessionIdInput = z.infer<typeof sessionIdInput>;
