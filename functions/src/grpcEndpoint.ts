import { readFileSync } from "node:fs";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { AuthClient } from "google-auth-library";

/** Where one of Google's gRPC APIs is, and who speaks to it. */
export interface GrpcEndpoint {
  /** `http:` means without TLS, as the stand-ins serve. */
  endpoint: string;
  /** File with the bearer token that names the caller at a stand-in; without one it is Google's libraries that know who calls. */
  tokenFile?: string;
  /** Somebody else than whom Google's libraries find in the surroundings. */
  authClient?: AuthClient;
}

/** Options of a client of one of Google's gRPC APIs. */
export function grpcClientOptions({ endpoint, authClient }: GrpcEndpoint): {
  apiEndpoint: string;
  port?: number;
  sslCreds?: ChannelCredentials;
  authClient?: AuthClient;
} {
  const { protocol, hostname, port } = new URL(endpoint);
  if (protocol === "https:") return { apiEndpoint: hostname, ...(authClient && { authClient }) };
  return { apiEndpoint: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}

interface CallOptions {
  /** Milliseconds. */
  timeout: number;
  otherArgs?: { headers: Record<string, string> };
}

/** Makes the options of each call; new ones each time, since the clients write into them. gRPC itself keeps tokens off channels without TLS. */
export function callOptionsOf({ tokenFile }: GrpcEndpoint, timeout: number): () => CallOptions {
  if (!tokenFile) return () => ({ timeout });
  return () => {
    const authorization = `Bearer ${readFileSync(tokenFile, "utf8").trim()}`;
    return { timeout, otherArgs: { headers: { authorization } } };
  };
}
