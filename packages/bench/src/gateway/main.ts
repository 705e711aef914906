// The gateway beside nginx, haproxy, `http-proxy`, `ws` and bare Node, one event loop each, in one run: memory of idle terminals, rate and
// CPU of attaches, echo, and bulk output. `npm run bench -- gateway [memory|speed]...` runs a part; the page
// docs/gateway-performance.md says how to read the results.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { type Gateway, gateways, type Surroundings, Terminals } from "./gateways.ts";
import { startPods } from "./load/pods.ts";
import { startControlPlane } from "./load/sessions.ts";
import { cores, requirePrograms } from "./peers/start.ts";
import { writeReport } from "./report.ts";
import { saveResults } from "./results.ts";
import { measureAttachRate, measureBulk, measureEcho, measureMemory } from "./scenarios.ts";

const podIp = "127.68.0.1";
const podRange = "127.68.0.0/16";
/** Two descriptors a pair in a gateway, and as many in the load, of the 20,000 that a process often has at most. */
const memoryLevels = [1_000, 5_000, 9_500];
const memoryRounds = 2;
const speedRounds = 3;
const attaches = { warmUp: 3_000, measured: 3_000 };
const busyTerminals = [100, 1_000];
const bulk = { terminals: [1, 16], mebibytes: 512 };

const parts = process.argv.length > 3 ? process.argv.slice(3) : ["memory", "speed"];
requirePrograms();
// Everything started from here on inherits the core of the load; gateways move to their own.
spawnSync("taskset", ["-a", "-c", "-p", String(cores.load), String(process.pid)]);

const pods = await startPods(podIp);
const controlPlane = await startControlPlane();
const around: Surroundings = {
  podIp,
  podRange,
  controlPlane,
  sessions: await controlPlane.createSessions(memoryLevels.at(-1)!, podIp),
  sharedSecret: randomBytes(32).toString("base64url"),
};
for (const { podSecret } of around.sessions) pods.add(podSecret);
pods.add(around.sharedSecret);
try {
  if (parts.includes("memory")) await saveResults("gatewayMemory", await runMemory());
  if (parts.includes("speed")) await saveResults("gatewaySpeed", await runSpeed());
  await writeReport();
} finally {
  await pods.stop();
  await controlPlane.stop();
}

function runMemory() {
  return run(memoryRounds, (gateway) => measureMemory(gateway, around, memoryLevels));
}

function runSpeed() {
  return run(speedRounds, measureSpeed);
}

/** Measures every gateway in every round. One that fails is part of the result. */
async function run(rounds: number, measure: (gateway: Gateway) => Promise<object>): Promise<object[]> {
  const rows = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const gateway of turns(round)) {
      const measured = await measure(gateway).catch((error: unknown) => ({ failed: String(error) }));
      const row = { gateway: gateway.name, round, ...measured };
      process.stdout.write(`${JSON.stringify(row)}\n`);
      rows.push(row);
    }
  }
  return rows;
}

async function measureSpeed(gateway: Gateway) {
  const peer = await gateway.start(around);
  try {
    const terminals = new Terminals(peer, around);
    await measureAttachRate(gateway, around, terminals, attaches.warmUp);
    const attach = await measureAttachRate(gateway, around, terminals, attaches.measured);
    const echo = [];
    for (const count of busyTerminals) echo.push(await measureEcho(gateway, around, terminals, count));
    const output = [];
    for (const count of bulk.terminals) {
      output.push(await measureBulk(gateway, around, terminals, count, bulk.mebibytes));
    }
    return { attach, echo, bulk: output };
  } finally {
    await peer.stop();
  }
}

/** Every second round goes backwards, so that what drifts does not favour one. */
function turns(round: number): readonly Gateway[] {
  return round % 2 === 1 ? gateways : gateways.toReversed();
}
