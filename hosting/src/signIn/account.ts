import { CallError } from "@cliscale/client";
import { type User, sendVerification } from "./authentication.ts";

/** Who is signed in, as the page's views need it. */
export interface Account {
  readonly uid: string;
  /** What the user is known by. */
  readonly name: string;
  /** A new one where the last was refused. @throws CallError saying why there is no current ID token. */
  idToken(isRefused?: boolean): Promise<string>;
  /** Has the next ID token tell what has changed since: a verified address, a new claim. @throws CallError */
  renew(): Promise<void>;
  /** Sends a mail whose link verifies the user's address. @throws SignInError */
  sendVerification(): Promise<void>;
}

export function accountOf(user: User): Account {
  return {
    uid: user.uid,
    name: user.email ?? user.displayName ?? user.uid,
    idToken: (isRefused) => orInWords(user.getIdToken(isRefused)),
    async renew() {
      await orInWords(user.reload());
      await orInWords(user.getIdToken(true));
    },
    sendVerification: () => sendVerification(user),
  };
}

async function orInWords<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    const isOffline = (error as { code?: unknown }).code === "auth/network-request-failed";
    throw isOffline
      ? new CallError("unavailable", "The sign-in service cannot be reached. Check the network.", {}, { cause: error })
      : new CallError("unauthenticated", "Your sign-in is no longer valid. Sign in again.", {}, { cause: error });
  }
}
