import { readdir, readFile, readlink } from "node:fs/promises";
import { type FoundProcess, processesOf } from "./processes.ts";
import type { TestStack } from "./stack.ts";

export interface ListeningSocket {
  command: string;
  /** As the kernel writes it in /proc/net/tcp: hexadecimal, each 32-bit word in this machine's byte order. */
  address: string;
  port: number;
  isLoopback: boolean;
}

interface TcpSocket {
  /** `st` in /proc/net/tcp. */
  state: string;
  local: { address: string; port: number };
  remote: { address: string; port: number };
}

/** `st` of sockets that listen, and of connections that stand, in /proc/net/tcp (include/net/tcp_states.h). */
const states = { established: "01", listening: "0A" };

/** Every TCP socket on which a process of the stack listens, pods included, each in its own network namespace. */
export async function listeningSockets(stack: Pick<TestStack, "stateDir">): Promise<ListeningSocket[]> {
  const found = await Promise.all(
    (await processesOf(stack)).map(async (entry) =>
      (await socketsOf(entry))
        .filter(({ state }) => state === states.listening)
        .map(({ local }) => ({ command: entry.command, ...local, isLoopback: isLoopback(local.address) })),
    ),
  );
  return found.flat();
}

/** How many connections a process has that begin or end at one of these ports. */
export async function countConnections(entry: FoundProcess, ports: number[]): Promise<number> {
  const connections = (await socketsOf(entry)).filter(({ state }) => state === states.established);
  return connections.filter(({ local, remote }) => ports.includes(local.port) || ports.includes(remote.port)).length;
}

/** The TCP sockets of a process. */
async function socketsOf({ pid }: FoundProcess): Promise<TcpSocket[]> {
  // A process may end at any moment; what has ended has no sockets.
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = new Set(await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ""))));
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((file) => readFile(`/proc/${pid}/net/${file}`, "utf8").catch(() => "")),
  );
  return tables
    .flatMap((table) => table.split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => links.has(`socket:[${fields[9]}]`))
    .map((fields) => ({ state: fields[3]!, local: endpoint(fields[1]!), remote: endpoint(fields[2]!) }));
}

function endpoint(text: string): { address: string; port: number } {
  const [address, port] = text.split(":");
  return { address: address!, port: Number.parseInt(port!, 16) };
}

/** 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6 maps it. */
function isLoopback(address: string): boolean {
  return (
    /^(0{16}F{4}0{4}|0{16}0{4}F{4})?[0-9A-F]{6}7F$/.test(address) || address === "00000000000000000000000001000000"
  );
}
