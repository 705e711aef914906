// As much of the Identity Toolkit API as signing up and in with a password needs:
// https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
import type { IncomingMessage, ServerResponse } from "node:http";

interface Account {
  localId: string;
  email: string;
  password: string;
}

/** Answers a request to the API; false when it is none. */
export type Accounts = (path: string, body: Record<string, unknown>, response: ServerResponse) => boolean;

export function createAccounts(): Accounts {
  const accounts: Account[] = [];
  const find = (field: keyof Account, value: unknown) => accounts.find((account) => account[field] === value);

  return (path, body, response) => {
    const method = /\/v1\/accounts:(\w+)/.exec(path)?.[1];
    const email = String(body["email"]);
    switch (method) {
      case "signUp": {
        if (find("email", email)) return refuse(response, "EMAIL_EXISTS");
        const account = { localId: `user${accounts.length + 1}`, email, password: String(body["password"]) };
        accounts.push(account);
        return answer(response, signedIn(account));
      }
      case "signInWithPassword": {
        const account = find("email", email);
        if (account?.password !== body["password"]) return refuse(response, "INVALID_LOGIN_CREDENTIALS");
        return answer(response, signedIn(account!));
      }
      case "lookup": {
        const account = find("localId", uidOf(String(body["idToken"])));
        return account ? answer(response, { users: [account] }) : refuse(response, "USER_NOT_FOUND");
      }
      case undefined:
      default:
        return false;
    }
  };
}

/** The uid in the ID token of a request; undefined when there is none. */
export function callerOf(request: IncomingMessage): string | undefined {
  const token = request.headers.authorization?.replace(/^Bearer /, "");
  return token && uidOf(token);
}

function signedIn(account: Account): object {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: account.localId, user_id: account.localId, email: account.email, iat: now, exp: now + 3600 };
  const idToken = [{ alg: "none", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return { ...account, idToken: `${idToken}.`, refreshToken: account.localId, expiresIn: "3600" };
}

function uidOf(idToken: string): string | undefined {
  const claims = JSON.parse(Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString()) as { sub?: string };
  return claims.sub;
}

function answer(response: ServerResponse, body: object): true {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
}

function refuse(response: ServerResponse, message: string): true {
  response
    .writeHead(400, { "content-type": "application/json" })
    .end(JSON.stringify({ error: { code: 400, message, errors: [{ message, reason: "invalid", domain: "global" }] } }));
  return true;
}
