import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface AccessToken {
  access_token: string;
  /** Seconds. Google's library renews a token of which less than five minutes are left. */
  expires_in: number;
}

export interface MetadataServer {
  /** Lets Google's libraries find it, as they find the real one on Cloud Run and GKE. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Google's metadata server, as far as it gives access tokens: https://cloud.google.com/run/docs/container-contract#metadata-server */
export async function startMetadataServer(nextToken: () => AccessToken | undefined): Promise<MetadataServer> {
  const server = createServer((request, response) => {
    const isToken = request.url?.startsWith("/computeMetadata/v1/instance/service-accounts/default/token");
    const token = isToken ? nextToken() : {};
    const isOurs = request.headers["metadata-flavor"] === "Google" && token !== undefined;
    response.writeHead(isOurs ? 200 : 403, { "Content-Type": "application/json", "Metadata-Flavor": "Google" });
    response.end(JSON.stringify({ token_type: "Bearer", ...token }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    env: {
      GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      METADATA_SERVER_DETECTION: "assume-present",
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
