import { status } from "@grpc/grpc-js";

/** A gRPC status by its name: https://grpc.io/docs/guides/status-codes/ */
export type StatusName = Exclude<keyof typeof status, "OK">;

export const statusNames = Object.keys(status).filter((name) => name !== "OK" && Number.isNaN(Number(name)));

/** An answer that is not OK. Anything else that a handler throws is answered as INTERNAL. */
export class StatusError extends Error {
  override name = "StatusError";
  readonly code: StatusName;

  constructor(code: StatusName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
