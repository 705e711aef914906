import { randomUUID } from "node:crypto";
import { bearerProtocolPrefix, closeCodes, terminalProtocol } from "@cliscale/protocol";
import type { Check } from "./check.ts";
import type { DoctorSettings } from "./settings.ts";

const socketMilliseconds = 10_000;
/** In the form of an attach token, by a key that nobody has. */
const strangersToken = [
  { alg: "RS256", typ: "attach+jwt", kid: "A".repeat(43) },
  { sub: "doctor" },
  "signature".repeat(4),
].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));

/** The gateway refuses a stranger's token with 4401 only once it has fetched the keys of real ones, and only to a page that it allows. */
export function gatewayCheck({ functions }: DoctorSettings): Check {
  const { gatewayUrl, allowedOrigins } = functions;
  const told: Record<number, string> = {
    [closeCodes.unavailable]: "it cannot fetch the keys: look at its CLISCALE_JWKS_URL",
    [closeCodes.forbidden]: `it does not allow ${allowedOrigins[0]}: its CLISCALE_ALLOWED_ORIGINS is another than that of the functions`,
  };
  return {
    name: "gateway",
    needs: ["hosting: jwks"],
    async run() {
      const code = await closeCodeOf(new URL(`/ws/${randomUUID()}`, gatewayUrl).href, allowedOrigins[0]!);
      if (code !== closeCodes.unauthenticated)
        throw new Error(told[code] ?? `${gatewayUrl} answers with close code ${code}`);
      return `is at ${gatewayUrl}, and has the keys`;
    },
    remedy: "kubectl -n cliscale get pods; the load balancer, its certificate, and CLISCALE_GATEWAY_URL",
  };
}

/** 1006 where nothing accepts the socket. */
function closeCodeOf(url: string, origin: string): Promise<number> {
  const protocols = [terminalProtocol, `${bearerProtocolPrefix}${strangersToken.join(".")}`];
  // The type is that of browsers; Node.js takes headers too: https://undici.nodejs.org/#/docs/api/WebSocket
  const socket = new WebSocket(url, { protocols, headers: { Origin: origin } } as unknown as string[]);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${url} does not answer`)), socketMilliseconds);
    socket.addEventListener("close", ({ code }) => {
      clearTimeout(timer);
      resolve(code);
    });
    socket.addEventListener("error", () => undefined);
  });
}
