import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { attachRaw } from "./support/client.ts";
import { clientFrame, podAnswer, readRequest, serverFrame, startRawPod } from "./support/pods.ts";
import { startWorld } from "./support/world.ts";

test("a pod that takes over an address, and knows all that was ever sent there, gets no byte of the session", async () => {
  const world = await startWorld();
  const session = await world.createSession();

  // Everything that passes between gateway and pod, both ways.
  const requests: string[] = [];
  const answers: string[] = [];
  const genuine = await startRawPod(async (socket) => {
    const { head, key } = await readRequest(socket);
    const answer = podAnswer(session.podSecret, key);
    requests.push(head);
    answers.push(answer);
    socket.write(answer);
  }, session.podIp);
  for (let attach = 0; attach < 3; attach += 1) {
    const { socket } = await attachRaw(world.gateway.port, session.id, await world.mint(session));
    socket.destroy();
  }
  await genuine.stop();
  assert.equal(new Set(requests).size, 3, "no two handshakes are the same");
  assert.ok(![...requests, ...answers].join("").includes(session.podSecret));

  /** What can be made of that and of a new key: an answer in order but for the proof, with each proof ever seen. */
  const forgeries = answers.flatMap((answer) => {
    const proof = /^x-cliscale-proof: (.*)$/im.exec(answer)![1]!;
    return [() => answer, (key: string) => podAnswer("", key, { "X-Cliscale-Proof": proof })];
  });
  for (const forge of [...forgeries, (key: string) => podAnswer("", key, { "X-Cliscale-Proof": undefined })]) {
    let received = "";
    const impostor = await startRawPod(async (socket) => {
      const { head, key } = await readRequest(socket);
      received += head;
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
      });
      socket.write(Buffer.concat([Buffer.from(forge(key)), serverFrame(2, "0impostor")]));
    }, session.podIp);
    const { socket, frames, until } = await attachRaw(world.gateway.port, session.id, await world.mint(session));
    socket.write(clientFrame(2, "0secret"));
    await until((bytes) => bytes.length >= 4);
    assert.equal(frames().readUInt16BE(2), 4503);
    socket.end(clientFrame(8, ""));
    await once(socket, "close");
    assert.equal(received.split("\r\n\r\n")[1], "", "nothing follows the gateway's own handshake");
    assert.ok(!received.includes("secret") && !frames().includes("impostor"));
    await impostor.stop();
  }
  await world.stop();
});
