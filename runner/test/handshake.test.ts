import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { terminalPort } from "@cliscale/protocol";
import { isPodProof, proofHeader, terminalPath } from "@cliscale/service";
import { attach, type Pod } from "./support/client.ts";
import { startTestSession } from "./support/session.ts";

const webSocketKey = "dGhlIHNhbXBsZSBub25jZQ==";

const handshake = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": webSocketKey,
  "Sec-WebSocket-Protocol": "tty",
};

/** Asks over plain HTTP; an upgrade is an answer too. */
async function ask(pod: Pod, options: RequestOptions) {
  const asked = request({ host: pod.address, port: terminalPort, ...options }).end();
  const [response, socket] = await Promise.race([once(asked, "response"), once(asked, "upgrade")]);
  if (socket) socket.destroy();
  else response.resume();
  return { status: response.statusCode as number, headers: response.headers as Record<string, string> };
}

test("the terminal's path answers with the proof of the session's secret", async (t) => {
  const { settings } = await startTestSession(t, {});
  const path = `/${terminalPath(settings.podSecret)}/ws`;
  const headers = { ...handshake, "Sec-WebSocket-Extensions": "permessage-deflate" };
  const answer = await ask(settings, { path, headers });
  assert.equal(answer.status, 101);
  assert.ok(isPodProof(settings.podSecret, webSocketKey, answer.headers[proofHeader.toLowerCase()]));
  assert.equal(answer.headers["sec-websocket-protocol"], "tty");
  assert.equal(answer.headers["sec-websocket-extensions"], undefined);
});

test("everything else is 404 and closed, without a proof", async (t) => {
  const { settings } = await startTestSession(t, {});
  const path = `/${terminalPath(settings.podSecret)}/ws`;
  const requests: Record<string, RequestOptions> = {
    "another path": { path: "/ws", headers: handshake },
    "a query": { path: `${path}?a=1`, headers: handshake },
    "no subprotocol": { path, headers: { ...handshake, "Sec-WebSocket-Protocol": "other" } },
    "no WebSocket key": { path, headers: { ...handshake, "Sec-WebSocket-Key": "short" } },
    "an unknown version": { path, headers: { ...handshake, "Sec-WebSocket-Version": "12" } },
    "another method": { path, method: "POST", headers: handshake },
    "another protocol": { path, headers: { ...handshake, Upgrade: "h2c" } },
    "no upgrade": { path },
  };
  for (const [name, options] of Object.entries(requests)) {
    const answer = await ask(settings, options);
    assert.equal(answer.status, 404, name);
    assert.equal(answer.headers["connection"], "close", name);
    assert.equal(answer.headers[proofHeader.toLowerCase()], undefined, name);
  }
});

test("a connection that is cut in the middle of its handshake harms nobody", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" });
  const client = await attach(t, settings);
  for (const text of [
    "GET / HT",
    "GET /x HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
  ]) {
    const socket = connect(terminalPort, settings.address);
    await once(socket, "connect");
    await new Promise((written) => socket.write(text, written));
    socket.resetAndDestroy();
    await once(socket, "close");
  }
  client.input("still here\n");
  await client.until(() => client.output().includes("still here"));
});

test("only the pod's own address is bound", async (t) => {
  const { settings } = await startTestSession(t, {});
  const [first, second] = settings.address.split(".");
  const socket = connect(terminalPort, `${first}.${second}.255.1`);
  const [error] = await once(socket, "error");
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
});
