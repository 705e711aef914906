import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { nextPodIp } from "./support/pods.ts";
import { type Program, startProgram } from "./support/program.ts";
import { startStreamPods, type StreamPods } from "./support/streamPods.ts";
import { Viewer } from "./support/viewer.ts";
import { startWorld, type World } from "./support/world.ts";

const count = 200;
/** From the end of a gateway until all its sessions are attached to another; under load a client tries more than once. */
const attachedAgainMilliseconds = 60_000;
const printMilliseconds = 500;

let world: World;
let pods: StreamPods;
let viewers: Viewer[];
/** What a load balancer sends new connections to. */
let inService: Program[] = [];
let printing: NodeJS.Timeout;

before(async () => {
  world = await startWorld();
  const podIp = nextPodIp();
  const sessions = await Promise.all(Array.from({ length: count }, () => world.createSession({ podIp })));
  pods = await startStreamPods(sessions, podIp);
  inService = [await start(), await start()];
  let turn = 0;
  const port = () => inService[(turn += 1) % inService.length]!.port;
  viewers = sessions.map((session) => new Viewer(world, session, port));
  for (let first = 0; first < count; first += 20) {
    await Promise.all(viewers.slice(first, first + 20).map((viewer) => viewer.start()));
  }
  printing = setInterval(() => pods.print(), printMilliseconds);
});
after(async () => {
  clearInterval(printing);
  for (const viewer of viewers) viewer.stop();
  await Promise.all(inService.map((program) => program.end()));
  await pods.stop();
  await world.stop();
});

const start = () => startProgram({ ...gatewayEnv(world), CLISCALE_DRAIN_SECONDS: "2", LOG_LEVEL: "error" });

/** Every session is attached, and what its viewer has seen is the output from its start, without a gap or a repetition. */
async function allIntact(): Promise<void> {
  const deadline = performance.now() + attachedAgainMilliseconds;
  while (!viewers.every((viewer) => viewer.isAttached) && performance.now() < deadline) await delay(50);
  assert.equal(viewers.filter((viewer) => !viewer.isAttached).length, 0, "sessions are not attached again");
  const outputs = Array.from(pods.streams.values(), (stream) => stream.output());
  const isBehind = () => viewers.some(({ seenBytes }, index) => seenBytes < outputs[index]!.length);
  while (isBehind() && performance.now() < deadline) await delay(50);
  for (const [index, viewer] of viewers.entries()) {
    const output = outputs[index]!;
    assert.ok(viewer.seen().subarray(0, output.length).equals(output), `session ${index} has seen another stream`);
    assert.deepEqual(viewer.protocolErrors, []);
  }
}

/** Who was attached was told 1012; on the way to the next gateway a client may be told to try again. */
function allToldToGo(codesBefore: readonly number[]): void {
  const since = viewers.map(({ codes }, index) => codes.slice(codesBefore[index])).filter((codes) => codes.length > 0);
  assert.ok(since.length >= count / 4, `${since.length} sessions were moved`);
  assert.deepEqual(new Set(since.map(([first]) => first)), new Set([1012]));
  for (const code of since.flat()) assert.ok(code === 1012 || code === 4503, String(code));
}

test("of two gateways one is stopped: its sessions are told 1012 and go on at the other", async () => {
  await allIntact();
  const codesBefore = viewers.map(({ codes }) => codes.length);
  const [leaving] = inService.splice(0, 1);
  assert.equal(await leaving!.end("SIGTERM"), 0);
  await allIntact();
  allToldToGo(codesBefore);
});

test("one is killed: its sessions go on at the other", async () => {
  inService.push(await start());
  // Half of them move to the new one.
  for (const viewer of viewers.slice(0, count / 2)) viewer.detach();
  await allIntact();
  const [killed] = inService.splice(0, 1);
  await killed!.end("SIGKILL");
  await allIntact();
});

test("both are replaced one after the other while their sessions print", async () => {
  const codesBefore = viewers.map(({ codes }) => codes.length);
  inService.push(await start());
  for (let replaced = 0; replaced < 2; replaced += 1) {
    inService.push(await start());
    const [leaving] = inService.splice(0, 1);
    assert.equal(await leaving!.end("SIGTERM"), 0);
  }
  await allIntact();
  allToldToGo(codesBefore);
});
