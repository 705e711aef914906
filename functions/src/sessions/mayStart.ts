import type { ErrorDetails } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import type { UserClaims } from "../http/callable.ts";

const claimPrefix = "claim:";

/**
 * Refuses a user who is not among those that may start sessions here. An address counts once Firebase has verified that it is the
 * user's: anybody can sign up with any.
 * @throws HttpsError `permission-denied`, which says what to ask for.
 */
export function requireMayStart(allowedUsers: readonly string[], claims: UserClaims): void {
  if (allowedUsers.some((entry) => isMeant(entry, claims))) return;
  throw refusalFor(allowedUsers, claims);
}

function isMeant(entry: string, claims: UserClaims): boolean {
  if (entry === "*") return true;
  if (entry.startsWith(claimPrefix)) return hasClaim(claims, entry.slice(claimPrefix.length));
  return claims.email_verified === true && isAddressMeant(entry, claims);
}

/** A claim that is set to anything but nothing, such as `true`. */
function hasClaim(claims: UserClaims, name: string): boolean {
  return Object.hasOwn(claims, name) && Boolean(claims[name]);
}

function isAddressMeant(entry: string, { email }: UserClaims): boolean {
  if (typeof email !== "string") return false;
  const [address, wanted] = [email.toLowerCase(), entry.toLowerCase()];
  return wanted.startsWith("@") ? address.slice(address.lastIndexOf("@")) === wanted : address === wanted;
}

function refusalFor(allowedUsers: readonly string[], claims: UserClaims): HttpsError {
  if (allowedUsers.some((entry) => !entry.startsWith(claimPrefix) && isAddressMeant(entry, claims))) {
    const details: ErrorDetails = { verifyEmail: true };
    return new HttpsError(
      "permission-denied",
      "You may start sessions here once your e-mail address is verified. Verify it, then sign in again.",
      details,
    );
  }
  return new HttpsError(
    "permission-denied",
    "You may not start sessions here. Ask the operator to allow your e-mail address or its domain in CLISCALE_ALLOWED_USERS, " +
      "or to give you a claim that is named there; then sign in again.",
  );
}
