import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ErrorDetails, StartAnswer } from "@cliscale/protocol";
import type { ControlPlane } from "./support.ts";

/** A call that a functions process is asked to handle. */
export interface CallMessage {
  id: number;
  name: "createSession" | "attachSession" | "stopSession" | "sweepSessions";
  input: unknown;
  streaming: boolean;
  /** The moment at which the process ends itself with SIGKILL. */
  killAt: string | undefined;
}

export interface AnswerMessage {
  id: number;
  answer?: StartAnswer;
  error?: { code: string; details?: ErrorDetails };
}

/** What a call of another process was refused with. */
export class CallError extends Error {
  override name = "CallError";
  readonly code: string;

  constructor({ code, details }: NonNullable<AnswerMessage["error"]>) {
    super(`${code} ${JSON.stringify(details)}`);
    this.code = code;
  }
}

export interface FunctionsProcess {
  call(
    name: CallMessage["name"],
    input: unknown,
    options?: { streaming?: boolean; killAt?: string },
  ): Promise<StartAnswer>;
  /** Resolves to the signal that ended the process. */
  ended: Promise<string | null>;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a process that handles calls as an instance of the functions does, with connections of its own. */
export function startFunctionsProcess({ addresses }: ControlPlane): FunctionsProcess {
  const child = fork(new URL("./functionsProgram.ts", import.meta.url), [JSON.stringify(addresses)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const ended = once(child, "exit").then(([, signal]) => signal as string | null);
  const waiting = answersOf(child);
  let lastId = 0;
  return {
    ended,
    log: () => chunks.join(""),
    call(name, input, { streaming = false, killAt } = {}) {
      const id = ++lastId;
      const { promise, ...resolvers } = Promise.withResolvers<StartAnswer>();
      waiting.set(id, resolvers);
      child.send({ id, name, input, streaming, killAt } satisfies CallMessage);
      return promise;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

type Waiting = Map<number, Pick<PromiseWithResolvers<StartAnswer>, "resolve" | "reject">>;

function answersOf(child: ChildProcess): Waiting {
  const waiting: Waiting = new Map();
  child.on("message", ({ id, answer, error }: AnswerMessage) => {
    if (error) waiting.get(id)!.reject(new CallError(error));
    else waiting.get(id)!.resolve(answer!);
    waiting.delete(id);
  });
  child.on("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the process has ended"));
  });
  return waiting;
}
