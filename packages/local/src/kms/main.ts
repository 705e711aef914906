import { createLogger, port, readEnvironment, runUntilStopped } from "@cliscale/service";
import * as z from "zod";
import { acceptFaults } from "../grpc/faultMessages.ts";
import { startKms } from "./server.ts";

const logger = createLogger("kms");
const environment = readEnvironment({
  CLISCALE_KMS_PORT: port.default(9010),
  CLISCALE_STATE_DIR: z.string({ error: "must be the absolute path of a folder" }).startsWith("/"),
});

const starting = startKms({
  port: environment.CLISCALE_KMS_PORT,
  stateDir: environment.CLISCALE_STATE_DIR,
  guarded: true,
  logger,
});
runUntilStopped(logger, async () => (await starting).stop());

const kms = await starting;
acceptFaults(kms.inject);
logger.info({ port: kms.port }, "listening");
if (process.connected) process.send?.({ ready: true, port: kms.port });
