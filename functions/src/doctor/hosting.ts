import { createKmsSigner } from "../tokens/signer.ts";
import type { Check } from "./check.ts";
import { actingAs, type Identities } from "./identities.ts";
import type { DoctorSettings } from "./settings.ts";

const fetchMilliseconds = 10_000;

/** What browsers and gateways ask Hosting for. `health` says nothing new where one of `parts` has failed, which it would tell too. */
export function hostingChecks(
  { hostingUrl, functions }: DoctorSettings,
  identities: Identities,
  parts: readonly string[],
): Check[] {
  const get = (path: string) => fetch(new URL(path, hostingUrl), { signal: AbortSignal.timeout(fetchMilliseconds) });
  return [
    {
      name: "hosting: page",
      async run() {
        const answer = await get("/");
        if (!answer.ok || !(await answer.text()).includes("<html"))
          throw new Error(`${hostingUrl} answers ${answer.status}`);
        return `is at ${hostingUrl}`;
      },
      remedy:
        "firebase deploy --only hosting; CLISCALE_HOSTING_URL says where it is, where that is not the first allowed origin",
    },
    {
      name: "hosting: jwks",
      needs: ["hosting: page", "kms: signing"],
      async run() {
        const answer = await get("/.well-known/jwks.json");
        if (!answer.ok) throw new Error(`/.well-known/jwks.json answers ${answer.status}`);
        const { keys } = (await answer.json()) as { keys: { kid: string }[] };
        const { kid } = await createKmsSigner(actingAs(functions.signingKey, identities.functions)).current();
        if (!keys.some((key) => key.kid === kid)) throw new Error(`the key that signs is not in it: ${kid}`);
        return `has ${keys.length} keys, the one that signs among them`;
      },
      remedy: "firebase deploy --only functions:jwks,hosting; after a new key it takes two minutes",
    },
    {
      name: "functions: health",
      // Where no function answers, that is what the line before says.
      needs: ["hosting: jwks", ...parts],
      async run() {
        const answer = await get("/health");
        const text = await answer.text();
        if (!answer.ok) throw new Error(`/health answers ${answer.status}: ${text.slice(0, 200)}`);
        return "says that all is well";
      },
      remedy: "firebase deploy --only functions:health,hosting; its log says what failed: `health: … failed`",
    },
  ];
}
