import type { Operator } from "./operator.ts";

/**
 * Sets these of a user's custom claims, and leaves the others; they count once the user has a new ID token, within the hour.
 * Resolves to what was done. @throws Error where the text is no JSON object.
 */
export async function setClaims({ auth }: Operator, uid: string, text = ""): Promise<string> {
  const given = readObject(text);
  const { customClaims = {} } = await auth.getUser(uid);
  const claims = Object.fromEntries(
    Object.entries({ ...customClaims, ...given }).filter(([, value]) => value !== null),
  );
  await auth.setCustomUserClaims(uid, claims);
  return `${uid} has the claims ${JSON.stringify(claims)}, in ID tokens from now on`;
}

function readObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Error("The claims must be a JSON object, such as '{\"CLISCALE_SESSIONS_PER_USER\": 20}'.");
}
