import { status } from "@grpc/grpc-js";

/** What a client says when nobody answers, or Google's API says that it cannot just now. */
const noAnswer = new Set<unknown>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]);

/** Resolves where one of Google's gRPC APIs answers a call, whatever it answers; what it may refuse has lines of its own. */
export async function requireAnswer(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "number" || noAnswer.has(code)) throw error;
  }
}
