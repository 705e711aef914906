import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { after, suite, test } from "node:test";
import { createLogger } from "@cliscale/service";
import { type Backend, type Spreader, startSpreader } from "../../src/kubernetes/network/spreader.ts";

async function ask({ port }: Spreader, content: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(content);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

suite("a listener that spreads connections", () => {
  const logger = createLogger("spreader");
  const servers: Server[] = [];
  const spreaders: Spreader[] = [];
  after(async () => {
    for (const spreader of spreaders) await spreader.close();
    for (const server of servers) server.close();
  });

  /** Answers, when the client has ended, with its name and how many bytes came. */
  async function backend(name: string): Promise<Backend> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let bytes = 0;
      socket.on("data", (chunk) => (bytes += chunk.length));
      socket.on("end", () => socket.end(`${name} ${bytes} ${"x".repeat(bytes)}`));
    });
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  async function spread(backends: () => Backend[]): Promise<Spreader> {
    const spreader = await startSpreader({ host: "127.0.0.1", port: 0 }, backends, logger);
    spreaders.push(spreader);
    return spreader;
  }

  test("takes the backends in turn, and passes on the end of either side", async () => {
    const both = [await backend("a"), await backend("b")];
    const spreader = await spread(() => both);
    const answers = [await ask(spreader, "1"), await ask(spreader, "22"), await ask(spreader, "")];
    assert.deepEqual(answers, ["a 1 x", "b 2 xx", "a 0 "]);
  });

  test("loses nothing of what is larger than any buffer", async () => {
    const only = [await backend("a")];
    const spreader = await spread(() => only);
    const size = 4 * 1024 * 1024;
    const answer = await ask(spreader, "y".repeat(size));
    assert.equal(answer.length, `a ${size} `.length + size);
  });

  test("tries the next when one refuses, and ends the connection when none is there", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const dead = { host: "127.0.0.1", port: (gone.address() as AddressInfo).port };
    gone.close();
    await once(gone, "close");
    const alive = await backend("b");
    let backends = [dead, alive];
    const spreader = await spread(() => backends);
    assert.equal(await ask(spreader, "1"), "b 1 x");
    assert.equal(await ask(spreader, "1"), "b 1 x");
    backends = [];
    await assert.rejects(ask(spreader, "1").then((answer) => assert.notEqual(answer, "", "nothing was answered")));
  });

  test("leaves nothing open when it is closed", async () => {
    const only = [await backend("a")];
    const spreader = await startSpreader({ host: "127.0.0.1", port: 0 }, () => only, logger);
    const socket = connect({ port: spreader.port, host: "127.0.0.1" });
    await once(socket, "connect");
    socket.on("error", () => undefined);
    await Promise.all([spreader.close(), once(socket, "close")]);
  });

  test("says that a port is taken", async () => {
    const first = await spread(() => []);
    await assert.rejects(
      startSpreader({ host: "127.0.0.1", port: first.port }, () => [], logger),
      { code: "EADDRINUSE" },
    );
  });
});
