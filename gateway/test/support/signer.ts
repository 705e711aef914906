import { generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { calculateJwkThumbprint, type JWK, SignJWT } from "jose";

export const issuer = "https://issuer.test";

export interface Signer {
  kid: string;
  jwk: JWK;
  privateKey: KeyObject;
  /** A token that is in order but for what is given. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function createSigner(modulusLength = 2048): Promise<Signer> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength });
  const { kty, n, e } = publicKey.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty, n, e } as JWK);
  return {
    kid,
    jwk: { kty, n, e, alg: "RS256", use: "sig", kid } as JWK,
    privateKey,
    token: (claims, header) =>
      new SignJWT({ ...defaultClaims(), ...claims })
        .setProtectedHeader({ alg: "RS256", typ: "attach+jwt", kid, ...header })
        .sign(privateKey),
  };
}

export function defaultClaims(now: number = Date.now()) {
  const iat = Math.floor(now / 1000);
  return {
    iss: issuer,
    aud: "cliscale-gateway",
    sub: "user-1",
    sid: randomUUID(),
    jti: randomUUID(),
    iat,
    nbf: iat,
    exp: iat + 60,
  };
}

export interface JwksServer {
  url: string;
  /** What it publishes; a function answers as it likes. */
  keys: unknown[];
  status: number;
  requests: number;
  stop(): Promise<void>;
}

/** A JWK Set over HTTP on a port of its own. */
export async function startJwks(keys: unknown[], path = "/.well-known/jwks.json"): Promise<JwksServer> {
  const server = createServer((_request, response) => {
    jwks.requests += 1;
    response.writeHead(jwks.status, {
      "Content-Type": "application/json",
      Connection: "close",
      Location: "/elsewhere",
    });
    response.end(JSON.stringify({ keys: jwks.keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const jwks: JwksServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    keys,
    status: 200,
    requests: 0,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return jwks;
}
