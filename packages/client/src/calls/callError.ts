import { type ErrorCode, type ErrorDetails, errorCodes } from "@cliscale/protocol";

/** Why a call failed: what the callable answered, or `unavailable` when no answer came. `message` is for a person. */
export class CallError extends Error {
  override name = "CallError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** The error in a callable's answer: `{message, status, details}`, with a status such as `INVALID_ARGUMENT`. */
export function errorOfAnswer(error: unknown): CallError {
  const { message, status, details } = isObject(error) ? error : {};
  const name = typeof status === "string" ? status.toLowerCase().replaceAll("_", "-") : "";
  return new CallError(
    errorCodes.find((code) => code === name) ?? "internal",
    typeof message === "string" ? message : "The service answered with an error that says nothing more.",
    isObject(details) ? details : {},
  );
}

/** The error of an answer that comes from something in front of the callable, such as a load balancer's error page. */
export function errorOfStatus(httpStatus: number): CallError {
  const passing = [408, 429, 502, 503, 504].includes(httpStatus);
  return passing
    ? new CallError("unavailable", `The service is not available now (HTTP ${httpStatus}). Try again in a moment.`)
    : new CallError("internal", `No callable answered (HTTP ${httpStatus}). Check the address of the functions.`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
