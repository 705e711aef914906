import { setTimeout as delay } from "node:timers/promises";
import { type App, getApps, initializeApp } from "firebase-admin/app";
import { FirebaseAuthError, getAuth } from "firebase-admin/auth";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import { describe } from "./errors.ts";

/** Firebase's own limit is 25 s a request, and it repeats those that fail. */
const deadlineMilliseconds = 10_000;

/** What the caller is told, by the code of firebase-admin's error; every other error is an outage. */
const refusals: Record<string, string> = {
  "auth/id-token-revoked": "This sign-in has been revoked. Sign in again.",
  "auth/user-disabled": "This account is disabled. Ask the operator to enable it.",
  "auth/user-not-found": "This account no longer exists. Sign in with another one.",
  "auth/id-token-expired": "This sign-in has expired. Sign in again.",
  "auth/argument-error": "This ID token is not valid. Sign in again.",
};

/**
 * Asks Firebase Authentication whether the user of an ID token still exists, is enabled and has not been signed out
 * since: a token alone says so for up to an hour. Throws `unauthenticated` when not, `unavailable` when that cannot be
 * told in time.
 */
export async function refuseRevoked(idToken: string, milliseconds = deadlineMilliseconds): Promise<void> {
  try {
    await within(milliseconds, getAuth(firebaseApp()).verifyIdToken(idToken, true));
  } catch (error) {
    const refusal = error instanceof FirebaseAuthError ? refusals[error.code] : undefined;
    if (refusal !== undefined) throw new HttpsError("unauthenticated", refusal);
    logger.error("revocation check failed", { cause: describe(error) });
    throw new HttpsError("unavailable", "Whether this sign-in still holds cannot be checked. Try again in a moment.");
  }
}

/** The app with which firebase-functions has checked the token, so that Google's keys are fetched once; the emulator makes none. */
function firebaseApp(): App {
  return getApps()[0] ?? initializeApp();
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const timeout = delay(milliseconds, undefined, { signal: done.signal }).then(() => {
    throw new Error(`No answer from Firebase Authentication within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    done.abort();
  }
}
