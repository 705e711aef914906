import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ErrorDetails, StartAnswer } from "@cliscale/protocol";
import type { Addresses } from "./functionsSide.ts";
import type { ControlPlane } from "./support.ts";

type CallName = "createSession" | "attachSession" | "stopSession" | "sweepSessions";

/** A call that a functions process is asked to handle. */
export interface CallMessage {
  id: number;
  name: CallName;
  input: unknown;
  uid: string;
  streaming: boolean;
  /** The moment at which the call is held up for ever. */
  holdAt: string | undefined;
}

/** What becomes of it: it has got to the moment, or it has been answered. */
export interface OutcomeMessage {
  id: number;
  held?: true;
  answer?: StartAnswer;
  error?: { code: string; details?: ErrorDetails };
}

/** What a call of another process was refused with. */
export class CallError extends Error {
  override name = "CallError";
  readonly code: string;
  readonly details: ErrorDetails | undefined;

  constructor({ code, details }: NonNullable<OutcomeMessage["error"]>) {
    super(`${code} ${JSON.stringify(details)}`);
    this.code = code;
    this.details = details;
  }
}

interface CallOptions {
  uid?: string;
  streaming?: boolean;
}

/** A process that handles calls as an instance of the functions does, with connections of its own. */
export interface FunctionsProcess {
  /** @throws CallError with what the call was refused with. */
  call: (name: CallName, input: unknown, options?: CallOptions) => Promise<StartAnswer>;
  /** Has a call handled up to this moment, and no further. */
  callUpTo: (moment: string, name: CallName, input: unknown, options?: CallOptions) => Promise<void>;
  /** What it has logged so far. */
  log(): string;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

/** `limits`: others than the control plane's own; `clockMinutes`: by how much its clock is ahead of everybody else's. */
export function startFunctionsProcess(
  { addresses }: ControlPlane,
  { limits = {}, clockMinutes = 0 }: { limits?: NonNullable<Addresses["limits"]>; clockMinutes?: number } = {},
): FunctionsProcess {
  const child = fork(new URL("./functionsProgram.ts", import.meta.url), [JSON.stringify({ ...addresses, limits })], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, CLOCK_MINUTES: String(clockMinutes) },
    execArgv: ["--import", import.meta.resolve("./wrongClock.ts")],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const ended = once(child, "exit");
  const send = outcomesOf(child);
  return {
    log: () => chunks.join(""),
    async call(name, input, { uid = "ada", streaming = false } = {}) {
      const { answer, error } = await send({ name, input, uid, streaming, holdAt: undefined });
      if (error) throw new CallError(error);
      return answer!;
    },
    async callUpTo(moment, name, input, { uid = "ada", streaming = false } = {}) {
      const outcome = await send({ name, input, uid, streaming, holdAt: moment });
      if (!outcome.held) throw new Error(`answered before the moment: ${JSON.stringify(outcome)}`);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function outcomesOf(child: ChildProcess) {
  const waiting = new Map<number, PromiseWithResolvers<OutcomeMessage>>();
  let lastId = 0;
  child.on("message", (outcome: OutcomeMessage) => waiting.get(outcome.id)!.resolve(outcome));
  child.on("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the process has ended"));
  });
  return (message: Omit<CallMessage, "id">): Promise<OutcomeMessage> => {
    const id = ++lastId;
    const outcome = Promise.withResolvers<OutcomeMessage>();
    waiting.set(id, outcome);
    child.send({ id, ...message } satisfies CallMessage);
    return outcome.promise;
  };
}
