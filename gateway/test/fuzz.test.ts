import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { attachRaw, collect, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { clientFrame, type RawPod, serverFrame, shakeHandsAsPod, startRawPod } from "./support/pods.ts";
import { sized } from "./support/size.ts";
import { gatewayRequest, type SpyPod, startSpyPod } from "./support/spyPod.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let world: World;
let gateway: GatewayProcess;
let session: TestSession;
let pod: SpyPod;

before(async () => {
  world = await startWorld();
  // Requests that are never whole are cut soon.
  gateway = await startGatewayProcess(world, { headers: 200, close: 300 });
  session = await world.createSession();
  pod = await startSpyPod(session.podSecret, session.podIp);
});
after(async () => {
  await pod.stop();
  await gateway.stop();
  await world.stop();
});

/** Something done to bytes at a place, which is a share of their length. */
interface Mutation {
  place: number;
  remove: number;
  insert: Buffer;
}

const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
const tokens = fc
  .constantFrom("\r\n", "\n", "\0", " ", "\t", ",", ":", "HTTP/1.1", "GET /", "Upgrade: h2c\r\n", "Host: b\r\n", "🦊")
  .map((text) => Buffer.from(text));
const place = fc.nat(10_000).map((share) => share / 10_000);
const mutation: fc.Arbitrary<Mutation> = fc.record({
  place,
  remove: fc.nat(6),
  insert: fc.oneof(bytes, tokens),
});
const cuts = fc.array(place, { maxLength: 4 });

/** Unlike `once`, not ended by an error: a reset is an end like any other here. */
const closeOf = (socket: Socket) => new Promise((resolve) => void socket.once("close", resolve));

function mutate(original: Buffer, mutations: readonly Mutation[]): Buffer {
  let result = original;
  for (const { place: share, remove, insert } of mutations) {
    const at = Math.floor(share * result.length);
    result = Buffer.concat([result.subarray(0, at), insert, result.subarray(at + remove)]);
  }
  return result;
}

/** Writes bytes in pieces, with a turn of the event loop between them. */
async function writeInPieces(socket: Socket, whole: Buffer, places: readonly number[]): Promise<void> {
  const ends = [...places.map((share) => Math.floor(share * whole.length)).sort((a, b) => a - b), whole.length];
  let start = 0;
  for (const end of ends) {
    if (end > start) socket.write(whole.subarray(start, end));
    start = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const typedCodes = new Set([1012, 4400, 4401, 4403, 4404, 4409, 4429, 4503]);

/** Every handshake has a typed end: an HTTP status, a close code, the terminal itself, or at last the end of the connection. */
function assertTyped(answer: Buffer, request: Buffer): void {
  const text = answer.toString("latin1");
  const shown = JSON.stringify(request.toString("latin1"));
  if (text === "" || /^HTTP\/1\.1 4(00|04|08|31) /.test(text)) return;
  assert.match(text, /^HTTP\/1\.1 101 /, shown);
  const frame = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
  if (frame.length === 0) return;
  assert.equal(frame[0], 0x88, shown);
  assert.ok(typedCodes.has(frame.readUInt16BE(2)), `${frame.readUInt16BE(2)} ${shown}`);
}

test("whatever a handshake is, it ends in a typed way, and a pod is asked once at most, in the gateway's words", async () => {
  const one = fc.record({ mutations: fc.array(mutation, { maxLength: 4 }), cuts });
  const property = fc.asyncProperty(fc.array(one, { minLength: 20, maxLength: 20 }), async (handshakes) => {
    pod.clear();
    await Promise.all(
      handshakes.map(async ({ mutations, cuts: places }) => {
        const valid = Buffer.from(handshakeBytes(`/ws/${session.id}`, protocolsOf(await world.mint(session))));
        const request = mutate(valid, mutations);
        const client = await connectRaw(gateway.port);
        const received = collect(client);
        const closed = closeOf(client);
        client.on("end", () => client.end());
        await writeInPieces(client, request, places);
        await Promise.race([closed, received.until((all) => all.includes("\r\n\r\n"))]);
        client.end(clientFrame(8, ""));
        await closed;
        assertTyped(received.bytes(), request);
      }),
    );
    assert.ok(pod.requests.length <= handshakes.length);
    for (const request of pod.requests) assert.equal(request, gatewayRequest(session.podSecret, session.podIp));
  });
  await fc.assert(property, { numRuns: sized(5, 200), endOnFailure: true });
  await gateway.noSocketsLeft();
  assert.equal(gateway.child.exitCode, null);
});

/** Frames in order, frames with a byte wrong, and bytes that are no frames. */
function stream(frame: (opcode: number, payload: Buffer | string, final?: boolean) => Buffer): fc.Arbitrary<Buffer> {
  const payload = fc.oneof(
    bytes,
    fc.integer({ min: 120, max: 70_000 }).map((length) => Buffer.alloc(length, "x")),
  );
  const good = fc.tuple(fc.constantFrom(2, 2, 2, 1, 9), payload).map(([opcode, data]) => {
    return frame(opcode, opcode === 9 ? data.subarray(0, 125) : data);
  });
  const fragmented = payload.map((data) => Buffer.concat([frame(2, data, false), frame(0, data, false), frame(0, "")]));
  const broken = fc
    .tuple(good, mutation)
    .map(([data, change]) => mutate(data, [{ ...change, place: change.place / 100 }]));
  const vast = fc.constantFrom(
    Buffer.from([0x82, 0x7f, 0, 0, 0, 2, 0x54, 0x0b, 0xe4, 0]),
    Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  );
  const one = fc.oneof({ weight: 6, arbitrary: good }, { weight: 2, arbitrary: fragmented }, broken, bytes, vast);
  return fc.array(one, { maxLength: 8 }).map((parts) => Buffer.concat(parts));
}

test("whatever either side sends, the other gets a part from its start and no byte of anything else", async () => {
  const target = await world.createSession();
  let atPod: Socket | undefined;
  const raw: RawPod = await startRawPod(async (socket) => {
    await shakeHandsAsPod(socket, target.podSecret);
    atPod = socket;
  }, target.podIp);
  const property = fc.asyncProperty(stream(clientFrame), stream(serverFrame), cuts, async (typed, shown, places) => {
    atPod = undefined;
    const client = await attachRaw(gateway.port, target.id, await world.mint(target));
    const podSocket = atPod!;
    const received = collect(podSocket);
    const ended = closeOf(client.socket);
    await Promise.all([writeInPieces(client.socket, typed, places), writeInPieces(podSocket, shown, places)]);
    client.socket.on("end", () => client.socket.end());
    podSocket.end();
    await ended;
    assert.ok(received.bytes().equals(typed.subarray(0, received.bytes().length)), "the pod's part");
    const frames = client.frames();
    const common = commonLength(frames, shown);
    const rest = frames.subarray(common);
    assert.ok(rest.length === 0 || (rest[0] === 0x88 && typedCodes.has(rest.readUInt16BE(2))), rest.toString("hex"));
  });
  await fc.assert(property, { numRuns: sized(60, 3_000), endOnFailure: true });
  await gateway.noSocketsLeft();
  assert.equal(gateway.child.exitCode, null);
  await raw.stop();
});

/** How far the two agree, but for a Close frame of the gateway's at the end of the first. */
function commonLength(received: Buffer, sent: Buffer): number {
  let length = 0;
  while (length < received.length && length < sent.length && received[length] === sent[length]) length += 1;
  if (length < received.length && length > 0 && received[length] !== 0x88 && received[length - 1] === 0x88) length -= 1;
  return length;
}
