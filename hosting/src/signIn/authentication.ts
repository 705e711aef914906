import { initializeApp } from "firebase/app";
import {
  GoogleAuthProvider,
  type User,
  browserLocalPersistence,
  browserPopupRedirectResolver,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  indexedDBLocalPersistence,
  initializeAuth,
  onAuthStateChanged,
  sendEmailVerification,
  sendPasswordResetEmail,
  sendSignInLinkToEmail,
  signInWithEmailAndPassword,
  signInWithEmailLink,
  signInWithPopup,
  signOut,
} from "firebase/auth";
import type { Configuration } from "../configuration.ts";
import { SignInError, inWords } from "./signInError.ts";

export type { User };

/** Who uses the page. All methods throw SignInError, which says in words what is wrong. */
export interface Authentication {
  /** Calls back with who is signed in, at first and after each change. */
  onUser(listener: (user: User | null) => void): void;
  signIn(email: string, password: string): Promise<void>;
  signUp(email: string, password: string): Promise<void>;
  /** In a window of Google's, which asks; this loads Google's scripts, and nothing else does. */
  signInWithGoogle(): Promise<void>;
  /** Sends a mail with a link to this page, which signs in whoever opens it and knows the address. */
  sendLink(email: string): Promise<void>;
  /** `link` is the address by which this page was opened. */
  signInWithLink(email: string, link: string): Promise<void>;
  /** Sends a mail with a link to choose another password; whether there is such an account is not told. */
  sendPasswordReset(email: string): Promise<void>;
  signOut(): Promise<void>;
}

/** Firebase Authentication, or its emulator where one is configured. */
export function createAuthentication({ firebase, authEmulatorUrl }: Configuration): Authentication {
  // Without a resolver for pop-ups, which would load Google's scripts at once.
  const auth = initializeAuth(initializeApp(firebase), {
    persistence: [indexedDBLocalPersistence, browserLocalPersistence],
  });
  // The page has a notice of its own.
  if (authEmulatorUrl !== undefined) connectAuthEmulator(auth, authEmulatorUrl, { disableWarnings: true });
  return {
    onUser: (listener) => void onAuthStateChanged(auth, listener),
    signIn: (email, password) => attempt(signInWithEmailAndPassword(auth, email, password)),
    signUp: (email, password) => attempt(createUserWithEmailAndPassword(auth, email, password)),
    signInWithGoogle: () =>
      attempt(signInWithPopup(auth, googleAccounts(), browserPopupRedirectResolver), googleUnreachable),
    sendLink: (email) => attempt(sendSignInLinkToEmail(auth, email, { url: pageAddress(), handleCodeInApp: true })),
    signInWithLink: (email, link) => attempt(signInWithEmailLink(auth, email, link), wrongAddress),
    sendPasswordReset: (email) =>
      attempt(sendPasswordResetEmail(auth, email, { url: pageAddress() }).catch(unlessUnknown)),
    signOut: () => signOut(auth),
  };
}

/**
 * Sends a mail whose link verifies a user's address.
 * @throws SignInError
 */
export function sendVerification(user: User): Promise<void> {
  return attempt(sendEmailVerification(user, { url: pageAddress() }));
}

/** Where links in mails lead back to. */
const pageAddress = () => location.origin + location.pathname;

/** Lets the reader choose among accounts, also where Google knows one only. */
function googleAccounts(): GoogleAuthProvider {
  return new GoogleAuthProvider().setCustomParameters({ prompt: "select_account" }) as GoogleAuthProvider;
}

type Codes = Record<string, ConstructorParameters<typeof SignInError>[0]>;

const googleUnreachable: Codes = {
  "auth/internal-error": "Google’s sign-in cannot be loaded. Check the network, and what blocks scripts here.",
  "auth/network-request-failed": "Google’s sign-in cannot be reached. Check the network, and what blocks scripts here.",
};

/** Firebase tells so of an address that the link was not sent to. */
const wrongAddress: Codes = { "auth/invalid-email": "The link was not sent to this address." };

async function attempt(action: Promise<unknown>, own: Codes = {}): Promise<void> {
  try {
    await action;
  } catch (error) {
    const sentence = own[codeOf(error)];
    if (sentence === undefined) throw inWords(error);
    throw new SignInError(sentence, inWords(error).field, error);
  }
}

/** Projects without protection against the enumeration of addresses answer that there is no such account. */
function unlessUnknown(error: unknown): void {
  if (codeOf(error) !== "auth/user-not-found") throw error;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
