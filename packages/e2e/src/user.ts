import { type Client, createClient } from "@cliscale/client";
import type { TestStack } from "./stack.ts";

export interface TestUser {
  uid: string;
  idToken: string;
  client: Client;
  /** With the same password, on a stack that may have been started since. */
  signInAgain(stack: TestStack): Promise<TestUser>;
}

/** Signs up a new user, or signs in the demo user, and gives them a client. */
export async function signUp(stack: TestStack): Promise<TestUser> {
  const email = `${crypto.randomUUID()}@example.com`;
  return authenticate(stack, "signUp", email, crypto.randomUUID());
}

export function signInDemo(stack: TestStack): Promise<TestUser> {
  return authenticate(stack, "signInWithPassword", stack.demo.email, stack.demo.password);
}

async function authenticate(stack: TestStack, method: string, email: string, password: string): Promise<TestUser> {
  const answer = await fetch(`${stack.authUrl}/identitytoolkit.googleapis.com/v1/accounts:${method}?key=demo`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password, returnSecureToken: true }),
  });
  const { localId, idToken } = (await answer.json()) as { localId: string; idToken: string };
  if (!answer.ok) throw new Error(`the Auth emulator answered ${answer.status} to ${method}`);
  return {
    uid: localId,
    idToken,
    signInAgain: (other) => authenticate(other, "signInWithPassword", email, password),
    client: createClient({ functionsUrl: stack.functionsUrl, idToken: () => Promise.resolve(idToken) }),
  };
}
