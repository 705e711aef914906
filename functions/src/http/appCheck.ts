import { type CallableRequest, HttpsError } from "firebase-functions/https";

/** What becomes of calls that do not come from one of the project's own apps: nothing, a word in the log, or a refusal. */
export const appCheckModes = ["off", "monitor", "enforce"] as const;
export type AppCheckMode = (typeof appCheckModes)[number];

/** What a call's App Check token says: Firebase has verified it before any handler runs, and hands on only one that holds. */
export type AppCheckVerdict = "valid" | "missing" | "invalid";

export function appCheckVerdictOf({ app, rawRequest }: Pick<CallableRequest, "app" | "rawRequest">): AppCheckVerdict {
  if (app) return "valid";
  return rawRequest.headers["x-firebase-appcheck"] === undefined ? "missing" : "invalid";
}

/** @throws HttpsError `unauthenticated`, where App Check is enforced and the call has not passed it. */
export function requireApp(mode: AppCheckMode, verdict: AppCheckVerdict): void {
  if (mode !== "enforce" || verdict === "valid") return;
  throw new HttpsError(
    "unauthenticated",
    verdict === "missing"
      ? "This call has no App Check token. Use the web terminal, or send one in X-Firebase-AppCheck."
      : "This App Check token is not valid. Get a new one.",
  );
}
