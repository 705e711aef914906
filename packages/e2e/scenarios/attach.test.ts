import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { type Attach, closeCodes, serverMessage } from "@cliscale/protocol";
import { Client as Database } from "pg";
import { attach } from "../src/socket.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo, signUp, type TestUser } from "../src/user.ts";

let stack: TestStack;
let user: TestUser;
let database: Database;

before(async () => {
  stack = await startTestStack();
  user = await signInDemo(stack);
  database = new Database({ connectionString: stack.databaseUrl });
  await database.connect();
});

after(async () => {
  await database?.end();
  await stack?.remove();
});

async function startShell(): Promise<{ sessionId: string; attach: Attach }> {
  const stages: string[] = [];
  const answer = await user.client.createSession(
    { bundle: { source: "template:shell" } },
    { onStage: ({ stage }) => stages.push(stage) },
  );
  assert.deepEqual(stages, ["queued", "scheduling", "pulling", "starting", "ready"]);
  assert.ok(answer.attach);
  return { sessionId: answer.session.id, attach: answer.attach };
}

test("a token enters once, then never again", async () => {
  const session = await startShell();
  const first = await attach(session.attach);
  first.type("echo first-$((1 + 1))\n");
  await first.until(/first-2/);
  const second = await attach(session.attach);
  assert.equal((await second.closed).code, closeCodes.tokenUsed);
  await user.client.stopSession(session.sessionId);
  assert.equal((await first.closed).code, closeCodes.gone);
});

test("of two sockets with one token, opened at once, one enters", async () => {
  const session = await startShell();
  const sockets = await Promise.all([attach(session.attach), attach(session.attach)]);
  const refused = await Promise.race(sockets.map(async (socket) => ({ socket, ...(await socket.closed) })));
  assert.equal(refused.code, closeCodes.tokenUsed);
  const entered = sockets.find((socket) => socket !== refused.socket)!;
  entered.type("echo entered-$((1 + 1))\n");
  await entered.until(/entered-2/);
  await user.client.stopSession(session.sessionId);
});

test("a pod that took over the address of another, and cannot prove itself, is refused and told nothing", async () => {
  const session = await startShell();
  const received: Buffer[] = [];
  const impostor = await listen("127.70.255.1", (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      received.push(data);
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(data.toString())?.[1] ?? "";
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Protocol: tty\r\n\r\n`,
      );
    });
  });
  try {
    await database.query("update sessions set pod_ip = '127.70.255.1' where id = $1", [session.sessionId]);
    const socket = await attach(session.attach);
    assert.equal((await socket.closed).code, closeCodes.unavailable);
    assert.equal(socket.output(), "");
    const { rows } = await database.query<{ pod_secret: string }>("select pod_secret from sessions where id = $1", [
      session.sessionId,
    ]);
    const heard = Buffer.concat(received).toString();
    assert.match(heard, /^GET \/[\w-]{43}\/ws HTTP\/1\.1\r\n/);
    assert.ok(!heard.includes(rows[0]!.pod_secret) && !heard.includes(session.attach.token));
  } finally {
    impostor.close();
    await user.client.stopSession(session.sessionId);
  }
});

test("another user's session does not exist", async () => {
  const session = await startShell();
  const stranger = await signUp(stack);
  for (const call of ["attachSession", "getSession", "stopSession"] as const) {
    await assert.rejects(stranger.client[call](session.sessionId), { code: "not-found" });
  }
  await user.client.stopSession(session.sessionId);
});

test("a command that ends before anyone attaches is still seen, with its exit code", async () => {
  const answer = await user.client.createSession({
    bundle: { source: "template:shell" },
    command: "echo before; exit 3",
  });
  assert.ok(answer.attach);
  const socket = await attach(answer.attach);
  assert.equal((await socket.closed).code, closeCodes.ended);
  assert.match(socket.output(), /before/);
  assert.deepEqual(socket.json(serverMessage.exit), [{ exitCode: 3 }]);
  const deadline = Date.now() + 20_000;
  let session = answer.session;
  while (session.state !== "ended" && Date.now() < deadline) ({ session } = await user.client.getSession(session.id));
  assert.equal(session.endReason, "exited");
  assert.equal(session.exitCode, 3);
  await assert.rejects(user.client.attachSession(session.id), { code: "failed-precondition" });
});

test("the same request made twice at once is one session; with other input it is refused", async () => {
  const requestId = crypto.randomUUID();
  const input = { bundle: { source: "template:shell" }, env: { A: "1" }, requestId };
  const [one, other] = await Promise.all([user.client.createSession(input), user.client.createSession(input)]);
  assert.equal(one.session.id, other.session.id);
  assert.notEqual(one.attach?.token, other.attach?.token);
  await assert.rejects(user.client.createSession({ ...input, env: { A: "2" } }), { code: "invalid-argument" });
  await user.client.stopSession(one.session.id);
});

function listen(host: string, onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(onSocket).listen(7681, host, () => resolve(server));
  });
}

function acceptOf(key: string): string {
  // RFC 6455 §4.2.2.
  return hash("sha1", `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, "base64");
}
