import assert from "node:assert/strict";
import { test } from "node:test";
import { callables, type ErrorDetails, type ListSessionsInput, type Session } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { pageTokenOf } from "../../src/http/pageToken.ts";
import { handleListSessions } from "../../src/listSessions.ts";
import { call, type ControlPlane, insertRow, requireGone, wish } from "./support.ts";

/** The last moment that a page token could name if its time were not checked, in microseconds. */
const farAway = 2 ** 60;

function isRefused({ code, details }: { code: string; details: ErrorDetails }): boolean {
  return (
    code === "invalid-argument" && details.violations?.length === 1 && details.violations[0]!.field === "pageToken"
  );
}

const ids = (sessions: Session[]) => sessions.map(({ id }) => id);

/** What a user is shown of their sessions, a page at a time. */
export function listCases(plane: ControlPlane): void {
  const list = (uid: string, input: ListSessionsInput = {}) => handleListSessions(plane.deps, call(input, { uid }));

  /** Sessions of one user, some of them a microsecond apart and some created at the same time. */
  async function insertRows(owner_uid: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const { id } = await insertRow(plane, { owner_uid });
      await plane.pool.query(
        `update sessions set created_at = timestamptz '2026-01-01' + $2 * interval '1 microsecond' where id = $1`,
        [id, Math.floor(index / 2)],
      );
    }
  }

  async function idsInOrder(uid: string): Promise<string[]> {
    const { rows } = await plane.pool.query<{ id: string }>(
      `select id from sessions where owner_uid = $1 order by created_at desc, id`,
      [uid],
    );
    return rows.map(({ id }) => id);
  }

  test("a listing has every session of its caller once, newest first, 20 a page", async () => {
    await insertRows("lister", 45);
    await insertRow(plane, { owner_uid: "somebody else" });
    const pages: string[][] = [];
    let pageToken: string | undefined;
    do {
      const page = await list("lister", { ...(pageToken && { pageToken }) });
      assert.deepEqual(callables.listSessions.output.parse(page), page);
      pages.push(ids(page.sessions));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [20, 20, 5],
    );
    assert.deepEqual(pages.flat(), await idsInOrder("lister"));
    assert.deepEqual(await list("nobody"), { sessions: [] });
  });

  test("a page may have another size, and one that is just full is the last", async () => {
    await insertRows("sizes", 7);
    const first = await list("sizes", { pageSize: 3 });
    const rest = await list("sizes", { pageSize: 4, pageToken: first.nextPageToken! });
    assert.equal(rest.nextPageToken, undefined);
    assert.deepEqual([...ids(first.sessions), ...ids(rest.sessions)], await idsInOrder("sizes"));
  });

  test("a page token holds while sessions come and go, the one that it was made from too", async () => {
    await insertRows("changing", 9);
    const [, second, third, ...others] = await idsInOrder("changing");
    const page = await list("changing", { pageSize: 3 });
    assert.equal(page.sessions.at(-1)?.id, third);
    await plane.pool.query(`delete from sessions where id = any ($1)`, [[second, third, others[0]]]);
    await insertRow(plane, { owner_uid: "changing" });
    const next = await list("changing", { pageToken: page.nextPageToken! });
    assert.deepEqual(ids(next.sessions), others.slice(1));
  });

  test("a listing may be of one state, on every page", async () => {
    for (let index = 0; index < 6; index++) {
      const { id } = await insertRow(plane, { owner_uid: "states" });
      if (index % 2 === 0) {
        await plane.pool.query(
          `update sessions set state = 'ended', end_reason = 'stopped', ended_at = now() where id = $1`,
          [id],
        );
      }
    }
    const first = await list("states", { state: "ended", pageSize: 2 });
    const second = await list("states", { state: "ended", pageSize: 2, pageToken: first.nextPageToken! });
    const states = [...first.sessions, ...second.sessions].map(({ state }) => state);
    assert.deepEqual(states, ["ended", "ended", "ended"]);
    assert.equal((await list("states", { state: "queued" })).sessions.length, 3);
    assert.deepEqual(await list("states", { state: "ready" }), { sessions: [] });
  });

  test("a page token that is nonsense, another user's or another listing's is refused", async () => {
    await insertRows("tokens", 3);
    const { nextPageToken: token } = await list("tokens", { pageSize: 1 });
    const bytes = Buffer.from(token!, "base64url");
    const flipped = bytes.map((byte, index) => (index === 3 ? byte ^ 1 : byte));
    const inputs: ListSessionsInput[] = [
      "nonsense",
      "💥",
      "=".repeat(54),
      `${token}A`,
      `${token}=`,
      token!.slice(1),
      Buffer.from(flipped).toString("base64url"),
      "A".repeat(54),
      bytes.toString("base64"),
      pageTokenOf({ ownerUid: "tokens", state: undefined }, { createdMicroseconds: farAway, id: crypto.randomUUID() }),
    ].map((pageToken) => ({ pageToken }));
    for (const input of [...inputs, { pageToken: token!, state: "queued" as const }]) {
      await assert.rejects(list("tokens", input), isRefused, JSON.stringify(input));
    }
    await assert.rejects(list("eve", { pageToken: token! }), isRefused);
    assert.equal((await list("tokens", { pageToken: token! })).sessions.length, 2);
  });

  test("a listing shows a session as getSession does", async () => {
    const uid = "viewer";
    const { session } = await handleCreateSession(plane.deps, call(wish(), { uid }));
    const seen = await handleGetSession(plane.deps, call({ sessionId: session.id }, { uid }));
    assert.deepEqual(callables.getSession.output.parse(seen), seen);
    assert.deepEqual((await list(uid)).sessions, [seen.session]);
  });

  test("a session past its lifetime has ended for everybody who looks, before any sweep, and its Job goes", async () => {
    const uid = "overdue";
    const overdue = async () => {
      const { session } = await handleCreateSession(plane.deps, call(wish(), { uid }));
      await plane.pool.query(`update sessions set expires_at = now() where id = $1`, [session.id]);
      return session.id;
    };
    const seen = await overdue();
    const { session } = await handleGetSession(plane.deps, call({ sessionId: seen }, { uid }));
    assert.deepEqual([session.state, session.endReason], ["ended", "deadline"]);
    await requireGone(plane, seen);

    const listed = await overdue();
    assert.deepEqual(await list(uid, { state: "ready" }), { sessions: [] });
    assert.deepEqual(
      (await list(uid, { state: "ended" })).sessions.map(({ id, endReason }) => [id, endReason]),
      [
        [listed, "deadline"],
        [seen, "deadline"],
      ],
    );
    await requireGone(plane, listed);

    const sessionId = await overdue();
    await assert.rejects(handleAttachSession(plane.deps, call({ sessionId }, { uid })), {
      code: "failed-precondition",
    });
  });

  test("a listing ends what is overdue although the cluster is away, and nobody else's", async () => {
    const started = { state: "starting", started_at: new Date() } as const;
    const mine = await insertRow(plane, { owner_uid: "away", ...started });
    const theirs = await insertRow(plane, { owner_uid: "away too", ...started });
    await plane.pool.query(`update sessions set expires_at = now() where id = any ($1)`, [[mine.id, theirs.id]]);
    const deps = { ...plane.deps, cluster: plane.clusterAt("https://127.0.0.1:9") };
    const { sessions } = await handleListSessions(deps, call({}, { uid: "away" }));
    assert.deepEqual(
      sessions.map(({ id, endReason }) => [id, endReason]),
      [[mine.id, "deadline"]],
    );
    assert.equal((await plane.row(theirs.id))?.state, "starting");
  });
}
