import { HttpsError } from "firebase-functions/https";

/** How far Google's clock may be ahead of this one. */
const clockToleranceSeconds = 60;

/**
 * Refuses an ID token that never expires, or that is from the future. Firebase demands `exp`, `iat` and `auth_time`
 * (https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library), but
 * firebase-admin looks at `exp` only where there is one. A sign-in dated in the future would outlive its revocation.
 */
export function requireTokenTimes(token: Record<string, unknown>, nowSeconds = Date.now() / 1000): void {
  const latest = nowSeconds + clockToleranceSeconds;
  const isPast = (time: unknown) => typeof time === "number" && time <= latest;
  if (typeof token.exp !== "number" || !isPast(token.iat) || !isPast(token.auth_time)) {
    throw new HttpsError("unauthenticated", "The times in this ID token are not valid. Sign in again.");
  }
}
