import { join } from "node:path";
import { createLogger, port, readEnvironment, runUntilStopped } from "@cliscale/service";
import * as z from "zod";
import { acceptFaults } from "../grpc/faultMessages.ts";
import { startKubernetes } from "./server.ts";

const logger = createLogger("kubernetes");
const environment = readEnvironment({
  CLISCALE_KUBERNETES_PORT: port.default(8001),
  CLISCALE_STATE_DIR: z.string().startsWith("/", "must be the absolute path of the .cliscale folder"),
  CLISCALE_POD_RANGE: z.string().default("127.64.0.0/16"),
  CLISCALE_KUBERNETES_CONTENTS: z.enum(["product", "bare"]).default("product"),
  CLISCALE_GATEWAY_PORT: port.optional(),
  CLISCALE_GATEWAY_ADMIN_PORT: port.optional(),
});

const starting = startKubernetes({
  port: environment.CLISCALE_KUBERNETES_PORT,
  stateDirectory: environment.CLISCALE_STATE_DIR,
  podRange: environment.CLISCALE_POD_RANGE,
  objectsFile: join(environment.CLISCALE_STATE_DIR, "kubernetes/objects.json"),
  contents: environment.CLISCALE_KUBERNETES_CONTENTS,
  routePorts: { route: environment.CLISCALE_GATEWAY_PORT, admin: environment.CLISCALE_GATEWAY_ADMIN_PORT },
  logger,
});
runUntilStopped(logger, async () => (await starting).close());

const kubernetes = await starting;
acceptFaults(kubernetes.injectFault);
logger.info({ port: kubernetes.port, sandboxed: kubernetes.sandboxed }, "listening");
if (process.connected) process.send?.({ ready: true, port: kubernetes.port, sandboxed: kubernetes.sandboxed });
