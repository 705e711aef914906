import type { SessionAnswer } from "@cliscale/protocol";
import type { CallableRequest, CallableResponse } from "firebase-functions/https";
import { HttpsError, onCall } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { z } from "zod";
import type { Deps } from "../deps.ts";
import { loadDeps, loadSettings } from "../deps.ts";
import { refuseEmulatorVariables } from "./emulatorVariables.ts";
import { invalidArgument, toHttpsError } from "./errors.ts";
import { refuseRevoked } from "./revocation.ts";
import { requireTokenTimes } from "./tokenTimes.ts";

/** A call that has passed the door: who makes it, what it says, and how to answer while it goes on. */
export interface Call<Input> {
  uid: string;
  input: Input;
  /** Whether the caller reads chunks. */
  streaming: boolean;
  sendChunk: (chunk: unknown) => Promise<boolean>;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
}

interface CallableOptions<Schema extends z.ZodType> {
  name: string;
  input: Schema;
  timeoutSeconds: number;
  /** Whether a disabled, deleted or signed-out user is refused at once, instead of when the ID token expires. */
  checkRevoked?: boolean;
}

/**
 * A Firebase callable around `handler(deps, call)`: lets in signed-in callers of our own pages, checks the input, turns
 * errors into HttpsErrors and logs one event per call. Throws where ID tokens would not be verified.
 */
export function callable<Schema extends z.ZodType, Answer extends SessionAnswer>(
  { name, timeoutSeconds, ...door }: CallableOptions<Schema>,
  handler: (deps: Deps, call: Call<z.infer<Schema>>) => Promise<Answer>,
) {
  refuseEmulatorVariables(process.env);
  // CORS only keeps a foreign page from reading an answer, and the emulators allow any origin whatever is said here:
  // `requireOwnOrigin` refuses the call itself.
  return onCall({ cors: true, timeoutSeconds }, async (request, response): Promise<Answer> => {
    const started = performance.now();
    const event: Record<string, unknown> = { call: name, uid: request.auth?.uid };
    try {
      const call = await admit(request, response, door);
      const answer = await handler(await loadDeps(), call);
      logger.info(`${name} ok`, {
        ...event,
        sessionId: answer.session.id,
        state: answer.session.state,
        milliseconds: performance.now() - started,
      });
      return answer;
    } catch (error) {
      const refusal = toHttpsError(error);
      logger.info(`${name} ${refusal.code}`, {
        ...event,
        code: refusal.code,
        milliseconds: performance.now() - started,
      });
      throw refusal;
    }
  });
}

async function admit<Schema extends z.ZodType>(
  request: CallableRequest,
  response: CallableResponse | undefined,
  { input, checkRevoked }: Pick<CallableOptions<Schema>, "input" | "checkRevoked">,
): Promise<Call<z.infer<Schema>>> {
  requireOwnOrigin(request.rawRequest.headers.origin, (await loadSettings()).allowedOrigins);
  const { uid, rawToken } = requireSignIn(request);
  const parsed = input.safeParse(request.data ?? {});
  if (!parsed.success) throw invalidArgument(parsed.error);
  if (checkRevoked) await refuseRevoked(rawToken);
  return {
    uid,
    input: parsed.data,
    streaming: request.acceptsStreaming,
    sendChunk: (chunk) => response?.sendChunk(chunk) ?? Promise.resolve(false),
    signal: response?.signal ?? new AbortController().signal,
  };
}

/** Refuses what a page of another origin asks for; a caller that is no page sends no origin. */
function requireOwnOrigin(origin: string | undefined, allowedOrigins: readonly string[]): void {
  if (origin !== undefined && !allowedOrigins.includes(origin)) {
    throw new HttpsError(
      "permission-denied",
      "This page may not call cliscale: its origin is not one of CLISCALE_ALLOWED_ORIGINS.",
    );
  }
}

/** The emulator hands over `auth` without a uid for a token that is none. */
function requireSignIn({ auth }: CallableRequest): NonNullable<CallableRequest["auth"]> {
  if (!auth?.uid) throw new HttpsError("unauthenticated", "Sign in first.");
  requireTokenTimes(auth.token);
  return auth;
}
