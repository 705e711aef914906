import { randomInt } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isStill, type ProcessIdentity } from "../processIdentity.ts";
import { type Listener, listeners, type StackSettings } from "../settings.ts";

/** Thrown when something else listens where the stack wants to. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
}

/** @throws PortTakenError naming every taken port, what wanted it and the variable that moves it. */
export async function requireFreePorts({ ports }: StackSettings): Promise<void> {
  const names = Object.keys(ports) as Listener[];
  const free = await Promise.all(names.map((name) => isFree(ports[name])));
  const taken = names.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const lines = taken.map((name) => {
    const { what, variable } = listeners[name];
    return `  127.0.0.1:${ports[name]}, for ${what}: set ${variable} to another port`;
  });
  throw new PortTakenError(
    `these ports are taken:\n${lines.join("\n")}\nNothing was started. Is another \`npm start\` running?`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Below the ports that Linux gives to outgoing connections (ip_local_port_range begins at 32768): one of those could take it. */
const freePorts = { first: 20_000, count: 12_000 };

/** A port that nothing listens on now, and that no outgoing connection takes before it is used. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = freePorts.first + randomInt(freePorts.count);
    if ((await isFree(port)) && (await draw(port))) return port;
  }
}

/** Where processes note the ports that they have drawn: many seconds may pass before they listen there. */
const drawnPorts = join(tmpdir(), `cliscale-ports-${process.getuid?.() ?? 0}`);

/** Whether no other process that still runs has drawn the port. */
async function draw(port: number): Promise<boolean> {
  const note = join(drawnPorts, String(port));
  await mkdir(drawnPorts, { recursive: true });
  try {
    await writeFile(note, JSON.stringify(await identify(process.pid)), { flag: "wx" });
    return true;
  } catch {
    // Empty while it is being written.
    const drawer = await readFile(note, "utf8").catch(() => "");
    if (drawer && !(await isStill(JSON.parse(drawer) as ProcessIdentity))) await rm(note, { force: true });
    return false;
  }
}
