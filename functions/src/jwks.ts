import { onRequest } from "firebase-functions/https";
import { optionsOf } from "./budgets.ts";
import { loadSigner } from "./deps.ts";
import { toHttpsError } from "./http/errors.ts";
import type { Signer } from "./tokens/signer.ts";

/** The public keys of attach tokens as a JWK Set (RFC 7517 §5). */
export async function handleJwks(signer: Signer): Promise<{ keys: object[] }> {
  return { keys: await signer.publicKeys() };
}

export const jwks = onRequest(optionsOf("jwks"), async (request, response) => {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.status(405).set("Allow", "GET, HEAD").end();
    return;
  }
  try {
    const keys = await handleJwks(await loadSigner());
    response.set("Cache-Control", "public, max-age=60").json(keys);
  } catch (error) {
    const { message, httpErrorCode } = toHttpsError(error);
    response.status(httpErrorCode.status).set("Cache-Control", "no-store").json({ error: message });
  }
});
