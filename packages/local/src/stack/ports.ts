import { randomInt } from "node:crypto";
import { createServer } from "node:net";
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
    if (await isFree(port)) return port;
  }
}
