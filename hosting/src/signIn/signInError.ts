import { FirebaseError } from "firebase/app";

/** Why somebody could not be signed in, in words, with the field to put it right in. */
export class SignInError extends Error {
  override name = "SignInError";
  readonly field: "email" | "password" | undefined;

  constructor(message: string, field: "email" | "password" | undefined, cause: unknown) {
    super(message, { cause });
    this.field = field;
  }
}

/** Sentences for Firebase's codes (https://firebase.google.com/docs/reference/js/auth#autherrorcodes), with the field that each is about. */
const sentences: Record<string, [sentence: string, field?: "email" | "password"]> = {
  "invalid-credential": ["E-mail address and password do not belong together.", "password"],
  "invalid-login-credentials": ["E-mail address and password do not belong together.", "password"],
  "user-not-found": ["E-mail address and password do not belong together.", "password"],
  "wrong-password": ["E-mail address and password do not belong together.", "password"],
  "email-already-in-use": ["This address has an account already. Sign in instead.", "email"],
  "invalid-email": ["This is not an e-mail address.", "email"],
  "missing-email": ["Type in your e-mail address first.", "email"],
  "weak-password": ["Too weak: take 6 characters at least.", "password"],
  "password-does-not-meet-requirements": ["The password does not meet the requirements of this service.", "password"],
  "user-disabled": ["This account is disabled. Ask the operator."],
  "too-many-requests": ["Too many attempts. Wait a few minutes, then try again."],
  "quota-exceeded": ["This service has sent as many mails as it may for now. Try again later, or sign in another way."],
  "network-request-failed": ["The sign-in service cannot be reached. Check the network."],
  "operation-not-allowed": ["This service does not let you sign in this way. Ask the operator."],
  "admin-restricted-operation": ["This service does not let you sign up here. Ask the operator."],
  "unauthorized-domain": [
    "This page’s address is not one that may sign in. Ask the operator to authorise it in Firebase.",
  ],
  "unauthorized-continue-uri": [
    "This page’s address is not one that a link may lead to. Ask the operator to authorise it in Firebase.",
  ],
  "popup-blocked": [
    "The browser has blocked Google’s window. Press the button again; if that does not help, allow this page to open windows.",
  ],
  "popup-closed-by-user": ["Google’s window was closed before you were signed in."],
  "cancelled-popup-request": ["Another of Google’s windows has taken the place of this one."],
  "account-exists-with-different-credential": ["This address has an account here that signs in another way."],
  "expired-action-code": ["This link is too old. Have a new one sent."],
  "invalid-action-code": ["This link has been used, or it is no longer valid. Have a new one sent."],
};

/** What went wrong, in words; the same again where it has been put into words already. */
export function inWords(error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  const code = error instanceof FirebaseError ? error.code.replace(/^auth\//, "") : "unknown";
  const [sentence, field] = sentences[code] ?? [`Signing in failed (${code}). Try again.`];
  return new SignInError(sentence, field, error);
}
