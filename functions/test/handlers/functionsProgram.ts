// What runs in a functions process: handles the calls that come in as messages, and kills itself where it is told to.
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { toHttpsError } from "../../src/http/errors.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import type { AnswerMessage, CallMessage } from "./functionsProcess.ts";
import { type Addresses, around, call, depsAt } from "./support.ts";

const deps = depsAt(JSON.parse(process.argv[2]!) as Addresses);
const handlers = {
  createSession: handleCreateSession,
  attachSession: handleAttachSession,
  stopSession: handleStopSession,
  sweepSessions: handleSweep,
} as unknown as Record<CallMessage["name"], (deps: Deps, call: unknown) => Promise<AnswerMessage["answer"]>>;

process.on("message", (message: CallMessage) => void answer(message));
process.on("disconnect", () => process.exit());

async function answer({ id, name, input, streaming, killAt }: CallMessage): Promise<void> {
  const parameter = name === "sweepSessions" ? input : call(input, { streaming });
  const reply = await handlers[name](killAt ? dying(deps, killAt) : deps, parameter).then(
    (result): AnswerMessage => ({ id, ...(result && { answer: result }) }),
    (error: unknown): AnswerMessage => {
      const { code, details } = toHttpsError(error);
      return { id, error: { code, ...(details ? { details } : {}) } };
    },
  );
  process.send!(reply);
}

/** Dependencies with which the process does not survive this moment. */
function dying(original: Deps, killAt: string): Deps {
  const hook = async (moment: string): Promise<void> => {
    if (moment === "before followPod" && killAt === "in the watch") return void setTimeout(kill, 300);
    if (moment === killAt) await kill();
  };
  return {
    ...original,
    pool: aroundQueries(original.pool, hook),
    cluster: around(original.cluster, hook),
    signer: around(original.signer, hook),
  };
}

async function kill(): Promise<void> {
  process.kill(process.pid, "SIGKILL");
  await delay(60_000);
}

const statements = {
  insertSession: "insert into sessions",
  markSessionPrepared: "set prepared_at = coalesce",
  startSession: "set state = 'starting'",
  insertToken: "insert into token_jti",
};

/** A pool that has something done before each of these statements, and after it. */
function aroundQueries(pool: Pool, hook: (moment: string) => Promise<void>): Pool {
  const query = async (text: string, values: unknown[]) => {
    const step = Object.entries(statements).find(([, part]) => String(text).includes(part))?.[0];
    await hook(`before ${step}`);
    const result = await pool.query(text, values);
    await hook(`after ${step}`);
    return result;
  };
  return Object.assign(Object.create(pool) as Pool, { query });
}
