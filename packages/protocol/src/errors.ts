/** The codes of an HttpsError that the callables use: https://firebase.google.com/docs/reference/functions/2nd-gen/node/firebase-functions.https.md */
export const errorCodes = [
  "unauthenticated",
  "permission-denied",
  "invalid-argument",
  "not-found",
  "failed-precondition",
  "resource-exhausted",
  "unavailable",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** What each code says, and what its caller can do. */
export const errorMeanings: Record<ErrorCode, string> = {
  unauthenticated:
    "No ID token, or one that is malformed, expired or not this project's; or its user is disabled, deleted or signed out " +
    "everywhere. Sign in again.",
  "permission-denied":
    "This user may not start sessions here (the message says what to ask for), or the call comes from a page of another " +
    "origin.",
  "invalid-argument": "The input is not valid. `details.violations` names every field that is wrong.",
  "not-found": "The caller has no such session. Another user's session is answered alike.",
  "failed-precondition": "The session has ended. Start a new one.",
  "resource-exhausted":
    "A limit is reached: `details.limit` names it. Wait for `details.retryAfterSeconds` where it is there.",
  unavailable:
    "Something that cliscale depends on cannot be reached; `details.dependency` names it. Try again in a moment.",
  internal: "A fault of cliscale's own. Try again; if it stays so, tell the operator.",
};

/** What the control plane depends on, as named in `details.dependency` of `unavailable` and in `health`. */
export const dependencies = ["postgres", "kms", "kubernetes", "scheduler"] as const;
export type Dependency = (typeof dependencies)[number];
