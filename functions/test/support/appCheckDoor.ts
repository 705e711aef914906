import { randomUUID } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import type { AppCheckMode } from "../../src/http/appCheck.ts";
import { type Certified, selfCertified } from "./certificate.ts";
import { type Door, kid, project, startDoor } from "./door.ts";
import { idTokenClaims, signIdToken } from "./idToken.ts";

/** The door of the callables with App Check in this mode, and tokens of it as Firebase would have signed them. */
export interface AppCheckDoor extends Door {
  /** What a call with this App Check token, if any, is answered with; NOT_FOUND is the handler's own answer. */
  knock(appCheckToken?: string): Promise<{ status?: string | undefined; message?: string | undefined }>;
  token(claims?: Record<string, unknown>, by?: Certified): Promise<string>;
}

const appCheckKid = "app-check-1";

export async function startAppCheckDoor(mode: AppCheckMode): Promise<AppCheckDoor> {
  const [door, key] = await Promise.all([startDoor({ CLISCALE_APP_CHECK: mode }), selfCertified()]);
  door.google.users.set("ada", {});
  door.google.appCheckKeys.push({
    ...(await exportJWK(key.keys.publicKey)),
    kid: appCheckKid,
    alg: "RS256",
    use: "sig",
  });
  return {
    ...door,
    async knock(appCheckToken) {
      const idToken = await signIdToken(idTokenClaims(project, "ada"), door.key.keys.privateKey, kid);
      const headers = {
        authorization: `Bearer ${idToken}`,
        ...(appCheckToken !== undefined && { "x-firebase-appcheck": appCheckToken }),
      };
      const { error } = await door.server.call("getSession", { sessionId: randomUUID() }, headers);
      return { status: error?.status, message: error?.message };
    },
    token(claims = {}, by = key) {
      const now = Math.floor(Date.now() / 1000);
      const all = {
        iss: "https://firebaseappcheck.googleapis.com/123456789",
        aud: ["projects/123456789", `projects/${project}`],
        sub: "1:123456789:web:abcdef",
        iat: now,
        exp: now + 3600,
        ...claims,
      };
      return new SignJWT(all)
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: appCheckKid })
        .sign(by.keys.privateKey);
    },
  };
}
