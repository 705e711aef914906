// What runs in a functions process: handles the calls that come in as messages, and holds them up where it is told to.
import type { Pool } from "pg";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { toHttpsError } from "../../src/http/errors.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { type Addresses, around, call, depsAt } from "./functionsSide.ts";
import type { CallMessage, OutcomeMessage } from "./functionsProcess.ts";

const deps = depsAt(JSON.parse(process.argv[2]!) as Addresses);
const handlers = {
  createSession: handleCreateSession,
  attachSession: handleAttachSession,
  stopSession: handleStopSession,
  sweepSessions: (sweeping: Deps) => handleSweep(sweeping, { jobAgeSeconds: 0 }),
} as unknown as Record<CallMessage["name"], (deps: Deps, call: unknown) => Promise<OutcomeMessage["answer"]>>;

process.on("message", (message: CallMessage) => void handle(message));
process.on("disconnect", () => process.exit());

async function handle({ id, name, input, holdAt, ...options }: CallMessage): Promise<void> {
  const tell = (outcome: Omit<OutcomeMessage, "id">) => process.send!({ id, ...outcome } satisfies OutcomeMessage);
  const heldUp = holdAt === undefined ? deps : holding(holdAt, () => tell({ held: true }));
  try {
    const answer = await handlers[name](heldUp, call(input, options));
    tell({ answer: answer! });
  } catch (error) {
    const { code, details } = toHttpsError(error);
    tell({ error: { code, ...(details ? { details } : {}) } });
  }
}

/** Dependencies that go no further than this moment. */
function holding(holdAt: string, tell: () => void): Deps {
  const hook = async (moment: string): Promise<void> => {
    // The list has been read by then, and the watch has begun.
    if (moment === "before followPod" && holdAt === "in the watch") setTimeout(tell, 300);
    if (moment !== holdAt) return;
    tell();
    await new Promise(() => undefined);
  };
  return {
    ...deps,
    pool: aroundQueries(deps.pool, hook),
    cluster: around(deps.cluster, hook),
    signer: around(deps.signer, hook),
  };
}

const statements = {
  insertSession: "insert into sessions",
  markSessionPrepared: "set prepared_at = now()",
  startSession: "start_queued_sessions",
  insertToken: "insert into token_jti",
  deleteExpiredTokens: "delete from token_jti",
  endOverdueSessions: "set state = 'ended', end_reason = 'deadline'",
  discardUnpreparedSessions: "prepared_at is null and created_at <=",
  sessionStates: "select id, state from sessions",
  liveSessions: "as starts_slowly",
  endSession: "end_reason = $2",
  endIdleSessions: "idle_check_at <= (",
  deleteEndedSessions: "state = 'ended' and ended_at <",
};

/** A pool that has something done before each of these statements, and after it. */
function aroundQueries(pool: Pool, hook: (moment: string) => Promise<void>): Pool {
  const query = async (text: string, values: unknown[]) => {
    const step = Object.entries(statements).find(([, part]) => text.includes(part))?.[0];
    await hook(`before ${step}`);
    const result = await pool.query(text, values);
    await hook(`after ${step}`);
    return result;
  };
  return Object.assign(Object.create(pool) as Pool, { query });
}
