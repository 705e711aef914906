import { type GrpcServer, type GrpcServerOptions, type Handlers, startGrpcServer } from "../grpc/server.ts";
import { createAttachKey, grantAttachKey } from "./defaultKey.ts";
import { loadIdentities } from "./iam/identities.ts";
import { createKeyManagementService, type KeyManagementServiceOptions } from "./service.ts";

export interface KmsOptions extends KeyManagementServiceOptions {
  /** 0 for a free one. */
  port: number;
  /** Whether callers must name themselves by the tokens in the state folder, and may do what the key's policy lets them. */
  guarded?: boolean | undefined;
}

/**
 * Starts a stand-in for Cloud KMS that production clients can use unchanged, on 127.0.0.1. It has the key that signs
 * attach tokens, with at least one version ready, and keeps its keys over restarts.
 * @throws Error when the port is taken or the state is damaged.
 */
export async function startKms(options: KmsOptions): Promise<GrpcServer> {
  const { handlers, policies, guarded, settled } = await createKeyManagementService(options);
  await createAttachKey(handlers);
  await grantAttachKey(policies);
  await settled();
  const server = await (options.guarded
    ? serveKms(guarded.handlers, options, {
        policyHandlers: guarded.policyHandlers,
        callers: await loadIdentities(options.stateDir),
      })
    : serveKms(handlers, options));
  return {
    ...server,
    async stop() {
      await server.stop();
      await settled();
    },
  };
}

/** Serves handlers of google.cloud.kms.v1.KeyManagementService. */
export function serveKms(
  handlers: Handlers,
  { port, logger }: Pick<KmsOptions, "port" | "logger">,
  guard: Pick<GrpcServerOptions, "policyHandlers" | "callers"> = {},
) {
  return startGrpcServer({
    clientPackage: "@google-cloud/kms",
    service: "google.cloud.kms.v1.KeyManagementService",
    handlers,
    ...guard,
    port,
    logger,
  });
}
