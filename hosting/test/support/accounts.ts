// As much of the Identity Toolkit API as signing up and in with a password and by a link needs:
// https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

interface Account {
  localId: string;
  email: string;
  password: string;
  emailVerified: boolean;
}

/** A mail that would have been sent. */
export interface Mail {
  email: string;
  requestType: "EMAIL_SIGNIN" | "PASSWORD_RESET" | "VERIFY_EMAIL";
  oobCode: string;
  continueUrl: string;
}

export interface Accounts {
  /** Answers a request to the API; false when it is none. */
  handle(path: string, body: Record<string, unknown>, response: ServerResponse): boolean;
  mails: Mail[];
  /** Does what opening a mail's link to verify an address does. */
  verify(email: string): void;
  find(uid: string): Account | undefined;
}

export function createAccounts(): Accounts {
  const accounts: Account[] = [];
  const mails: Mail[] = [];
  const find = (field: keyof Account, value: unknown) => accounts.find((account) => account[field] === value);

  function signUp(email: string, password: string): Account {
    const account = { localId: `user${accounts.length + 1}`, email, password, emailVerified: false };
    accounts.push(account);
    return account;
  }

  function sendMail(body: Record<string, unknown>): Mail {
    const requestType = body["requestType"] as Mail["requestType"];
    const email =
      requestType === "VERIFY_EMAIL" ? find("localId", uidOf(String(body["idToken"])))!.email : String(body["email"]);
    const mail = { email, requestType, oobCode: randomUUID(), continueUrl: String(body["continueUrl"]) };
    mails.push(mail);
    return mail;
  }

  function signInByLink(email: string, oobCode: unknown, response: ServerResponse): true {
    const mail = mails.find((sent) => sent.requestType === "EMAIL_SIGNIN" && sent.oobCode === oobCode);
    if (!mail) return refuse(response, "INVALID_OOB_CODE");
    if (mail.email !== email) return refuse(response, "INVALID_EMAIL");
    mails.splice(mails.indexOf(mail), 1);
    const account = find("email", email) ?? signUp(email, "");
    account.emailVerified = true;
    return answer(response, signedIn(account));
  }

  function handle(path: string, body: Record<string, unknown>, response: ServerResponse): boolean {
    if (path.includes("/v1/token")) return refresh(body, response);
    const email = String(body["email"]);
    switch (/\/v1\/accounts:(\w+)/.exec(path)?.[1]) {
      case "signUp":
        if (find("email", email)) return refuse(response, "EMAIL_EXISTS");
        return answer(response, signedIn(signUp(email, String(body["password"]))));
      case "signInWithPassword": {
        const account = find("email", email);
        if (account?.password !== body["password"]) return refuse(response, "INVALID_LOGIN_CREDENTIALS");
        return answer(response, signedIn(account!));
      }
      case "sendOobCode":
        return answer(response, { email: sendMail(body).email });
      case "signInWithEmailLink":
        return signInByLink(email, body["oobCode"], response);
      case "lookup": {
        const account = find("localId", uidOf(String(body["idToken"])));
        return account ? answer(response, { users: [account] }) : refuse(response, "USER_NOT_FOUND");
      }
      case undefined:
      default:
        return false;
    }
  }

  /** The refresh token is the uid. */
  function refresh(body: Record<string, unknown>, response: ServerResponse): true {
    const account = find("localId", body["refresh_token"]);
    if (!account) return refuse(response, "TOKEN_EXPIRED");
    const { idToken, refreshToken, expiresIn } = signedIn(account);
    const names = { id_token: idToken, access_token: idToken, refresh_token: refreshToken, expires_in: expiresIn };
    return answer(response, { ...names, token_type: "Bearer", user_id: account.localId, project_id: "demo-cliscale" });
  }

  return {
    handle,
    mails,
    verify(email) {
      find("email", email)!.emailVerified = true;
    },
    find: (uid) => find("localId", uid),
  };
}

/** The uid in the ID token of a request; undefined when there is none. */
export function callerOf(request: IncomingMessage): string | undefined {
  const token = request.headers.authorization?.replace(/^Bearer /, "");
  return token && uidOf(token);
}

/** Whether the ID token of a request tells of a verified address. */
export function isVerified(request: IncomingMessage): boolean {
  return claimsOf(request.headers.authorization ?? "").email_verified === true;
}

function signedIn(account: Account) {
  const now = Math.floor(Date.now() / 1000);
  const { localId, email, emailVerified } = account;
  const claims = { sub: localId, user_id: localId, email, email_verified: emailVerified, iat: now, exp: now + 3600 };
  const idToken = [{ alg: "none", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return { ...account, idToken: `${idToken}.`, refreshToken: localId, expiresIn: "3600" };
}

function claimsOf(idToken: string): { sub?: string; email_verified?: boolean } {
  const part = idToken.split(".")[1] ?? "e30";
  return JSON.parse(Buffer.from(part, "base64url").toString()) as ReturnType<typeof claimsOf>;
}

function uidOf(idToken: string): string | undefined {
  return claimsOf(idToken).sub;
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
