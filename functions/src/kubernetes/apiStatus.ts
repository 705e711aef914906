import { ApiException } from "@kubernetes/client-node";
import { DependencyError } from "../http/errors.ts";

interface Status {
  reason?: string;
  message?: string;
}

/** What the API says in the `Status` that an error's body is; nothing of a body that is none. */
export function reasonOf(body: unknown): Status {
  try {
    const { reason, message } = JSON.parse(String(body)) as Record<string, unknown>;
    return {
      ...(typeof reason === "string" && { reason }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return {};
  }
}

export function hasCode(error: unknown, code: number): boolean {
  return error instanceof ApiException && error.code === code;
}

/** 409 has two meanings: this one, and a conflict with another request. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiException && error.code === 409 && reasonOf(error.body).reason === "AlreadyExists";
}

/** Whether Kubernetes failed, in whatever way. */
export function isKubernetesFailure(error: unknown): error is DependencyError {
  return error instanceof DependencyError && error.dependency === "kubernetes";
}

/** Whether Kubernetes does not let the functions in, or not do this: waiting does not help. */
export function isRefusal(error: unknown): boolean {
  return isKubernetesFailure(error) && (hasCode(error.cause, 401) || hasCode(error.cause, 403));
}
