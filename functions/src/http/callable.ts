import {
  type Attach,
  type CallableInput,
  type CallableName,
  type CallableOutput,
  callables,
  type StageEvent,
  violationMessage,
} from "@cliscale/protocol";
import type { CallableRequest, CallableResponse } from "firebase-functions/https";
import { HttpsError, onCall } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { optionsOf } from "../budgets.ts";
import type { Deps } from "../deps.ts";
import { loadDeps, loadSettings } from "../deps.ts";
import { appCheckVerdictOf, requireApp } from "./appCheck.ts";
import { refuseEmulatorVariables } from "./emulatorVariables.ts";
import { invalidArgument, toHttpsError } from "./errors.ts";
import { refuseRevoked } from "./revocation.ts";
import { requireTokenTimes } from "./tokenTimes.ts";

/** What a user's ID token says of them, which Firebase vouches for; custom claims are among it. */
export type UserClaims = Readonly<Record<string, unknown>>;

/** A call that has passed the door: who makes it, what it says, and how to answer while it goes on. */
export interface Call<Input> {
  uid: string;
  claims: UserClaims;
  input: Input;
  /** Whether the caller reads chunks. */
  streaming: boolean;
  sendChunk: (chunk: StageEvent) => Promise<boolean>;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
}

/**
 * The Firebase callable of this name around `handler(deps, call)`, as the protocol's table describes it: lets in signed-in
 * callers of our own pages, checks the input, turns errors into HttpsErrors and logs one event per call. Throws where ID
 * tokens would not be verified.
 */
export function callable<Name extends CallableName>(
  name: Name,
  handler: (deps: Deps, call: Call<CallableInput<Name>>) => Promise<CallableOutput<Name>>,
) {
  refuseEmulatorVariables(process.env);
  // CORS only keeps a foreign page from reading an answer, and the emulators allow any origin whatever is said here:
  // `requireOwnOrigin` refuses the call itself.
  return onCall({ cors: true, ...optionsOf(name) }, async (request, response): Promise<CallableOutput<Name>> => {
    const started = performance.now();
    const event: Record<string, unknown> = { call: name, uid: request.auth?.uid };
    try {
      const { allowedOrigins, appCheck } = await loadSettings();
      if (appCheck !== "off") event["appCheck"] = appCheckVerdictOf(request);
      requireOwnOrigin(request.rawRequest.headers.origin, allowedOrigins);
      requireApp(appCheck, appCheckVerdictOf(request));
      const call = await admit(name, request, response);
      const answer = await handler(await loadDeps(), call);
      logger.info(`${name} ok`, { ...event, ...outcomeOf(answer), milliseconds: performance.now() - started });
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

async function admit<Name extends CallableName>(
  name: Name,
  request: CallableRequest,
  response: CallableResponse | undefined,
): Promise<Call<CallableInput<Name>>> {
  const { uid, token, rawToken } = requireSignIn(request);
  const input = readInput(name, request);
  if (callables[name].checksRevocation) await refuseRevoked(rawToken);
  return {
    uid,
    claims: token,
    input,
    streaming: request.acceptsStreaming,
    sendChunk: (chunk) => response?.sendChunk(chunk) ?? Promise.resolve(false),
    signal: response?.signal ?? new AbortController().signal,
  };
}

/** The input as it was sent: Firebase's decoding of it (`request.data`) would make a field `__proto__` a prototype. */
function readInput<Name extends CallableName>(name: Name, { rawRequest }: CallableRequest): CallableInput<Name> {
  const { data } = rawRequest.body as { data: unknown };
  const parsed = callables[name].input.safeParse(data ?? {}, { error: violationMessage });
  if (!parsed.success) throw invalidArgument(parsed.error);
  return parsed.data as CallableInput<Name>;
}

/** What the log says of an answer. */
function outcomeOf(answer: CallableOutput<CallableName>): Record<string, unknown> {
  if ("sessions" in answer) return { sessions: answer.sessions.length };
  return { sessionId: answer.session.id, state: answer.session.state, ...("attach" in answer && idsOf(answer.attach)) };
}

/** By what the token that was minted is found in the gateway's log and in the audit. */
function idsOf({ token }: Attach): { jti: string | undefined; kid: string | undefined } {
  return { jti: decodeJwt(token).jti, kid: decodeProtectedHeader(token).kid };
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
