// The runner's terminal server: how fast a client that comes back shows the same screen, and what ttyd takes for the same work.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepResult, machine, median, percentile, round } from "../results.ts";
import { measureEcho } from "./echo.ts";
import { type IdleMemory, measureIdleMemory } from "./memory.ts";
import { measureReattach } from "./reattach.ts";
import { type Server, startCliscale, startTtyd } from "./servers.ts";
import { measureThroughput } from "./throughput.ts";
import { ttydRoot } from "./ttydRoot.ts";

const outputBytes = 32_000_000;
const rounds = 3;
/** Promised for a full scrollback. */
const reattachLimitMilliseconds = 100;

type Start = (command: string) => Promise<Server>;

const root = await ttydRoot();
const folder = await mkdtemp(join(tmpdir(), "cliscale-bench-"));
const ttyd: Start | undefined = root ? (command) => startTtyd(root, command, folder) : undefined;
try {
  const log = join(folder, "log");
  await writeFile(log, buildLog(outputBytes));
  const reattach = [await measureReattach(1000), await measureReattach(100_000)];
  await keepResult("terminal", {
    scenario: "terminal server",
    machine: machine(),
    reattach,
    reattachOfLimit: round(reattach[1]!.p99Milliseconds / reattachLimitMilliseconds),
    ...(ttyd ? await compareWithTtyd(ttyd, log) : { ttyd: "could not be installed" }),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Lines as a build prints them. */
function buildLog(bytes: number): string {
  let text = "";
  for (let count = 0; text.length < bytes; count++) {
    text += `\x1b[2m[${count}]\x1b[0m compiled module ${count} of the project in \x1b[32m${count % 97} ms\x1b[0m\r\n`;
  }
  return text;
}

async function compareWithTtyd(startPeer: Start, log: string) {
  const print = `stty raw -echo; head -c 1 > /dev/null; cat ${log}; sleep 60`;
  return {
    throughputMegabytes: outputBytes / 1e6,
    throughputToCounter: await compare(startPeer, print, (server) => measureThroughput(server, outputBytes, false)),
    throughputToDrawer: await compare(startPeer, print, (server) => measureThroughput(server, outputBytes, true)),
    echo: await compareEcho(startPeer),
    idle: await compareMemory(startPeer),
  };
}

/** Both in turn, so that what else the machine does meets both. */
async function compare(startPeer: Start, command: string, measure: (server: Server) => Promise<number>) {
  const figures: Record<"cliscale" | "ttyd", number[]> = { cliscale: [], ttyd: [] };
  for (let turn = 0; turn < rounds; turn++) {
    for (const [name, start] of [
      ["cliscale", startCliscale],
      ["ttyd", startPeer],
    ] as const) {
      const server = await start(command);
      figures[name].push(await untilStopped(server, measure));
    }
  }
  const [ours, theirs] = [median(figures.cliscale), median(figures.ttyd)];
  return {
    cliscaleMegabytesPerSecond: round(ours),
    ttydMegabytesPerSecond: round(theirs),
    ofTtyd: round(ours / theirs),
  };
}

async function compareEcho(startPeer: Start) {
  const samples: Record<"cliscale" | "ttyd", number[]> = { cliscale: [], ttyd: [] };
  for (let turn = 0; turn < rounds; turn++) {
    for (const [name, start] of [
      ["cliscale", startCliscale],
      ["ttyd", startPeer],
    ] as const) {
      const server = await start("cat > /dev/null");
      samples[name].push(...(await untilStopped(server, measureEcho)));
    }
  }
  return {
    cliscaleMilliseconds: summary(samples.cliscale),
    ttydMilliseconds: summary(samples.ttyd),
    p50OfTtyd: round(percentile(samples.cliscale, 0.5) / percentile(samples.ttyd, 0.5)),
  };
}

async function compareMemory(startPeer: Start) {
  const take = async (start: Start, command: string) => {
    return await untilStopped(await start(command), measureIdleMemory);
  };
  const ours = await take(startCliscale, "exec sh");
  const ttydAlone = await take(startPeer, "exec sh");
  const ttydWithTmux = await take(startPeer, "exec tmux -f /dev/null new-session sh");
  return {
    cliscale: rounded(ours),
    ttyd: rounded(ttydAlone),
    ttydWithTmux: rounded(ttydWithTmux),
    ofTtydWithTmux: round(ours.megabytes / ttydWithTmux.megabytes),
  };
}

function rounded({ megabytes, ownMegabytes }: IdleMemory): IdleMemory {
  return { megabytes: round(megabytes), ownMegabytes: round(ownMegabytes) };
}

/** Measures a server and stops it, whatever comes of it. */
async function untilStopped<Figure>(server: Server, measure: (server: Server) => Promise<Figure>): Promise<Figure> {
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

function summary(values: number[]) {
  return { p50: round(percentile(values, 0.5)), p99: round(percentile(values, 0.99)) };
}
