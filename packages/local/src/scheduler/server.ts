import { type GrpcServer, type Handlers, startGrpcServer } from "../grpc/server.ts";
import { deployScheduledFunctions, type ScheduledFunction } from "./deploy.ts";
import { createSchedulerService, type SchedulerServiceOptions } from "./service.ts";

export interface SchedulerOptions extends SchedulerServiceOptions {
  /** 0 for a free one. */
  port: number;
  /** Of the functions emulator, with project and region: `http://127.0.0.1:5001/PROJECT/REGION`. */
  functionsUrl: string;
  /** The functions whose jobs `firebase deploy` would have created. */
  functions?: ScheduledFunction[];
}

/**
 * Starts a stand-in for Cloud Scheduler that production clients can use unchanged, on 127.0.0.1. It keeps its jobs over
 * restarts.
 * @throws Error when the port is taken or the state is damaged.
 */
export async function startScheduler(options: SchedulerOptions): Promise<GrpcServer> {
  const service = await createSchedulerService(options);
  try {
    await deployScheduledFunctions(service.handlers, options.functions ?? [], options.functionsUrl);
    const server = await serveScheduler(service.handlers, options);
    return {
      ...server,
      async stop() {
        await server.stop();
        await service.stop();
      },
    };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** Serves handlers of google.cloud.scheduler.v1.CloudScheduler. */
export function serveScheduler(handlers: Handlers, { port, logger }: Pick<SchedulerOptions, "port" | "logger">) {
  return startGrpcServer({
    clientPackage: "@google-cloud/scheduler",
    service: "google.cloud.scheduler.v1.CloudScheduler",
    handlers,
    port,
    logger,
  });
}
