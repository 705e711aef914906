import { type ChannelCredentials, credentials } from "@grpc/grpc-js";

/** Client options for one of Google's gRPC APIs at this URL; `http:` means without TLS, as the stand-ins serve. */
export function grpcClientOptions(endpoint: string): {
  apiEndpoint: string;
  port?: number;
  sslCreds?: ChannelCredentials;
} {
  const { protocol, hostname, port } = new URL(endpoint);
  if (protocol === "https:") return { apiEndpoint: hostname };
  return { apiEndpoint: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}
