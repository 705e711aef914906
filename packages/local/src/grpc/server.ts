import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Logger } from "@cliscale/service";
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";
import { createFaults, type Faults } from "./faults.ts";
import { StatusError } from "./statusError.ts";

/**
 * One handler per modelled method, by its name in the API. Requests are parsed by the handlers themselves. `caller` is who calls, where
 * the server knows callers.
 */
export type Handlers = Record<string, (request: unknown, caller?: string) => Promise<object> | object>;

export interface GrpcServerOptions {
  /** A client package of Google's, which brings the protos of its API. */
  clientPackage: string;
  /** Full name of the service in those protos. */
  service: string;
  handlers: Handlers;
  /** Those of google.iam.v1.IAMPolicy, where it is served beside. */
  policyHandlers?: Handlers | undefined;
  /** Callers by their bearer tokens; by an empty one, who sends none. */
  callers?: ReadonlyMap<string, string> | undefined;
  /** 0 for a free one. */
  port: number;
  logger?: Logger | undefined;
}

export interface GrpcServer {
  port: number;
  /** Spoils the next calls of a method; clients have no way to do this. */
  inject: Faults["inject"];
  /** Lets running calls end for a second, then cuts them; resolves when the port is free. */
  stop: () => Promise<void>;
}

const host = "127.0.0.1";
const policyService = "google.iam.v1.IAMPolicy";
const drainMilliseconds = 1_000;
const require = createRequire(import.meta.url);

/**
 * Serves the modelled methods of a Google API over gRPC on loopback, without TLS; the others are answered with
 * UNIMPLEMENTED.
 * @throws Error when the port is taken.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { handlers, policyHandlers } = options;
  const faults = createFaults(Object.keys({ ...handlers, ...policyHandlers }));
  const server = new Server();
  const protos = require.resolve(`${options.clientPackage}/build/protos/protos.json`);
  server.addService(loadService(protos, options.service), implement(handlers, options, faults));
  if (policyHandlers) {
    server.addService(loadService(policyProtos(), policyService), implement(policyHandlers, options, faults));
  }
  const port = await bind(server, options.port);
  let stopped: Promise<void> | undefined;
  return { port, inject: faults.inject, stop: () => (stopped ??= stop(server)) };
}

/** It comes with what all of Google's clients are built on, which exports its program alone. */
function policyProtos(): string {
  return join(dirname(require.resolve("google-gax")), "../protos/iam_service.json");
}

function loadService(protos: string, service: string): ServiceDefinition {
  return fromJSON(require(protos), { longs: Number, enums: String, defaults: false })[service] as ServiceDefinition;
}

function implement(handlers: Handlers, options: GrpcServerOptions, faults: Faults) {
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handler]) => [
      method,
      (call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) => {
        const respond = async () => callback(...(await answer(method, handler, call, options, faults)));
        void respond();
      },
    ]),
  );
}

async function answer(
  method: string,
  handler: Handlers[string],
  call: ServerUnaryCall<unknown, object>,
  { callers, logger }: GrpcServerOptions,
  faults: Faults,
): Promise<Parameters<sendUnaryData<object>>> {
  const startedAt = performance.now();
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort());
  try {
    await faults.strike(method, cancelled.signal);
    const response = await handler(call.request, callers?.get(tokenOf(call)));
    logger?.info({ method, code: "OK", milliseconds: elapsed(startedAt) }, "call");
    return [null, response];
  } catch (error) {
    const { code, message } = asStatus(error);
    const cause = code === "INTERNAL" ? { err: error } : { reason: message };
    logger?.warn({ method, code, milliseconds: elapsed(startedAt), ...cause }, "call");
    return [{ code: status[code], details: message }];
  }
}

function tokenOf({ metadata }: ServerUnaryCall<unknown, object>): string {
  const [authorization] = metadata.get("authorization");
  // Of a scheme that is not known, all of it: it is no token.
  return authorization === undefined ? "" : String(authorization).replace(/^Bearer /, "");
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof Error && error.name === "AbortError")
    return new StatusError("CANCELLED", "the call was cut off");
  return new StatusError("INTERNAL", "the stand-in failed: its log says why");
}

async function bind(server: Server, port: number): Promise<number> {
  try {
    return await new Promise((resolve, reject) => {
      server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
  } catch (cause) {
    throw new Error(`cannot listen on ${host}:${port}: end what uses the port, or choose another one`, { cause });
  }
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), drainMilliseconds);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
