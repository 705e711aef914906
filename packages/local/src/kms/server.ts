import { type GrpcServer, type Handlers, startGrpcServer } from "../grpc/server.ts";
import { createAttachKey } from "./defaultKey.ts";
import { createKeyManagementService, type KeyManagementServiceOptions } from "./service.ts";

export interface KmsOptions extends KeyManagementServiceOptions {
  /** 0 for a free one. */
  port: number;
}

/**
 * Starts a stand-in for Cloud KMS that production clients can use unchanged, on 127.0.0.1. It has the key that signs
 * attach tokens, with at least one version ready, and keeps its keys over restarts.
 * @throws Error when the port is taken or the state is damaged.
 */
export async function startKms(options: KmsOptions): Promise<GrpcServer> {
  const { handlers, settled } = await createKeyManagementService(options);
  await createAttachKey(handlers);
  await settled();
  const server = await serveKms(handlers, options);
  return {
    ...server,
    async stop() {
      await server.stop();
      await settled();
    },
  };
}

/** Serves handlers of google.cloud.kms.v1.KeyManagementService. */
export function serveKms(handlers: Handlers, { port, logger }: Pick<KmsOptions, "port" | "logger">) {
  return startGrpcServer({
    clientPackage: "@google-cloud/kms",
    service: "google.cloud.kms.v1.KeyManagementService",
    handlers,
    port,
    logger,
  });
}
