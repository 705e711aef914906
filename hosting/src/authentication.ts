import { FirebaseError, initializeApp } from "firebase/app";
import {
  type Auth,
  type User,
  browserLocalPersistence,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  indexedDBLocalPersistence,
  initializeAuth,
  onAuthStateChanged,
  signInWithEmailAndPassword,
  signOut,
} from "firebase/auth";
import type { Configuration } from "./configuration.ts";

export type { User };

export interface Authentication {
  /** Calls back with who is signed in, at first and after each change. */
  onUser(listener: (user: User | null) => void): void;
  /** @throws SignInError */
  signIn(email: string, password: string): Promise<void>;
  /** @throws SignInError */
  signUp(email: string, password: string): Promise<void>;
  signOut(): Promise<void>;
}

/** Why somebody could not be signed in, in words, with the field to put it right in. */
export class SignInError extends Error {
  override name = "SignInError";
  readonly field: "email" | "password" | undefined;

  constructor(message: string, field: "email" | "password" | undefined, cause: unknown) {
    super(message, { cause });
    this.field = field;
  }
}

/** Firebase Authentication, or its emulator where one is configured. */
export function createAuthentication({ firebase, authEmulatorUrl }: Configuration): Authentication {
  // Without a resolver for pop-ups, which would load scripts of other hosts.
  const auth = initializeAuth(initializeApp(firebase), {
    persistence: [indexedDBLocalPersistence, browserLocalPersistence],
  });
  // The page has a notice of its own.
  if (authEmulatorUrl !== undefined) connectAuthEmulator(auth, authEmulatorUrl, { disableWarnings: true });
  return {
    onUser: (listener) => void onAuthStateChanged(auth, listener),
    signIn: (email, password) => enter(signInWithEmailAndPassword, auth, email, password),
    signUp: (email, password) => enter(createUserWithEmailAndPassword, auth, email, password),
    signOut: () => signOut(auth),
  };
}

async function enter(
  method: (auth: Auth, email: string, password: string) => Promise<unknown>,
  auth: Auth,
  email: string,
  password: string,
): Promise<void> {
  try {
    await method(auth, email, password);
  } catch (error) {
    throw inWords(error);
  }
}

/** Firebase's codes: https://firebase.google.com/docs/reference/js/auth#autherrorcodes */
function inWords(error: unknown): SignInError {
  const code = error instanceof FirebaseError ? error.code : "unknown";
  switch (code) {
    case "auth/invalid-credential":
    case "auth/invalid-login-credentials":
    case "auth/user-not-found":
    case "auth/wrong-password":
      return new SignInError("E-mail address and password do not belong together.", "password", error);
    case "auth/email-already-in-use":
      return new SignInError("This address has an account already. Sign in instead.", "email", error);
    case "auth/invalid-email":
      return new SignInError("This is not an e-mail address.", "email", error);
    case "auth/weak-password":
      return new SignInError("Too weak: take 6 characters at least.", "password", error);
    case "auth/password-does-not-meet-requirements":
      return new SignInError("The password does not meet the requirements of this service.", "password", error);
    case "auth/user-disabled":
      return new SignInError("This account is disabled. Ask the operator.", undefined, error);
    case "auth/too-many-requests":
      return new SignInError("Too many attempts. Wait a few minutes, then try again.", undefined, error);
    case "auth/network-request-failed":
      return new SignInError("The sign-in service cannot be reached. Check the network.", undefined, error);
    case "auth/operation-not-allowed":
    case "auth/admin-restricted-operation":
      return new SignInError("This service does not let you sign up here. Ask the operator.", undefined, error);
    default:
      return new SignInError(`Signing in failed (${code}). Try again.`, undefined, error);
  }
}
