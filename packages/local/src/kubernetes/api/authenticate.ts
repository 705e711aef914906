import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { unauthorized } from "./statusError.ts";

export interface User {
  name: string;
  groups: string[];
}

/** The users of the stand-in. Google's webhook names a service account by its e-mail address; so does this one. */
export const users = {
  admin: { name: "admin", groups: ["system:masters", "system:authenticated"] },
  functions: { name: "functions@demo-cliscale.iam.gserviceaccount.com", groups: ["system:authenticated"] },
} as const satisfies Record<string, User>;

export type UserId = keyof typeof users;

/**
 * Tells who sends a request, by its bearer token.
 * @throws StatusError 401 without a token, or with one that is nobody's.
 */
export function createAuthenticator(tokens: Record<UserId, string>): (request: IncomingMessage) => User {
  // Compared by digest, so that how long a comparison takes says nothing about a token.
  const byDigest = new Map(Object.entries(tokens).map(([id, token]) => [digest(token), users[id as UserId]]));
  return (request) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    const user = token && byDigest.get(digest(token));
    if (!user) throw unauthorized();
    return user;
  };
}

const digest = (token: string) => createHash("sha256").update(token).digest("hex");
