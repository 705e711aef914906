import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { TokenConsumer } from "../src/token/consumer.ts";

const patience = 2_000;

/** A database that answers when it is told to: that it knows none of the tokens. */
function slowDatabase() {
  const statements: { tokens: number; answer: () => void }[] = [];
  const pool = {
    query: ({ values }: { values: unknown[][] }) =>
      new Promise((resolve) => {
        const rows = values[0]!.map(() => ({ outcome: "unknown" }));
        statements.push({ tokens: rows.length, answer: () => resolve({ rows }) });
      }),
  };
  return { statements, tokens: new TokenConsumer(pool as unknown as Pool) };
}

function use() {
  const [jti, sessionId] = [randomUUID(), randomUUID()];
  return { jti, ownerUid: "somebody", tokenSessionId: sessionId, sessionId, admit: true };
}

test("a token that comes alone has a statement at once, and those that come meanwhile share the next", async () => {
  const { statements, tokens } = slowDatabase();
  const first = tokens.consume(use(), patience);
  const others = Promise.all([1, 2, 3].map(() => tokens.consume(use(), patience)));
  assert.deepEqual(
    statements.map((statement) => statement.tokens),
    [1],
  );
  statements[0]!.answer();
  assert.deepEqual(await first, { outcome: "unknown" });
  assert.equal(statements[1]?.tokens, 3);
  statements[1].answer();
  assert.equal((await others).length, 3);
});

test("a statement that is not answered keeps the next tokens waiting for a moment only", async () => {
  const { statements, tokens } = slowDatabase();
  const hangs = tokens.consume(use(), 300);
  const next = tokens.consume(use(), patience);
  while (statements.length < 2) await delay(5);
  statements[1]!.answer();
  assert.deepEqual(await next, { outcome: "unknown" });
  await assert.rejects(hangs, { name: "DeadlineExceeded" });
});
