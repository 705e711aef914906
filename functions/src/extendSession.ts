import { extendSession as extendLifetime } from "@cliscale/db";
import type { ExtendSessionInput, SessionAnswer } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { dependingOn } from "./http/errors.ts";
import { ownSession } from "./sessions/own.ts";
import { sessionView } from "./sessions/view.ts";

/** Lets the caller's session live for so long from now on, up to the longest lifetime; it never ends earlier for it. */
export async function handleExtendSession(deps: Deps, call: Call<ExtendSessionInput>): Promise<SessionAnswer> {
  const { id } = await ownSession(deps, call);
  const { lifetimeMaxSeconds } = deps.settings;
  const extended = await dependingOn("postgres", () =>
    extendLifetime(deps.pool, id, {
      lifetimeSeconds: Math.min(call.input.lifetimeSeconds, lifetimeMaxSeconds),
      lifetimeMaxSeconds,
    }),
  );
  if (!extended) throw new HttpsError("failed-precondition", "This session has ended. Start a new one.");
  return { session: sessionView(extended, deps.settings) };
}

export const extendSession = callable("extendSession", handleExtendSession);
