import { type JWTPayload, SignJWT } from "jose";

/** The claims of an ID token that is in order. */
export function idTokenClaims(project: string, uid: string) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: `https://securetoken.google.com/${project}`,
    aud: project,
    sub: uid,
    user_id: uid,
    auth_time: now - 60,
    iat: now - 60,
    exp: now + 3540,
    firebase: { identities: {}, sign_in_provider: "password" },
  };
}

export function signIdToken(claims: JWTPayload, key: CryptoKey, kid: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "JWT", kid }).sign(key);
}

/** A JWT with this very header and signature, whether they make sense or not. */
export function assembleJwt(header: object, claims: object, sign: (signed: string) => Buffer): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign(signed).toString("base64url")}`;
}
