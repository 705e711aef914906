import { readdir, readFile, readlink } from "node:fs/promises";
import { processesOf } from "./processes.ts";
import type { TestStack } from "./stack.ts";

export interface ListeningSocket {
  command: string;
  /** As the kernel writes it in /proc/net/tcp: hexadecimal, each 32-bit word in this machine's byte order. */
  address: string;
  port: number;
  isLoopback: boolean;
}

/** `st` of a listening socket in /proc/net/tcp (include/net/tcp_states.h). */
const listenState = "0A";

/** Every TCP socket on which a process of the stack listens, pods included, each in its own network namespace. */
export async function listeningSockets(stack: Pick<TestStack, "stateDir">): Promise<ListeningSocket[]> {
  const found = await Promise.all((await processesOf(stack)).map((entry) => listeningSocketsOf(entry)));
  return found.flat();
}

async function listeningSocketsOf({ pid, command }: { pid: number; command: string }): Promise<ListeningSocket[]> {
  // A process may end at any moment; what has ended listens no more.
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((file) => readFile(`/proc/${pid}/net/${file}`, "utf8").catch(() => "")),
  );
  return tables
    .flatMap((table) => table.split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === listenState && links.includes(`socket:[${fields[9]}]`))
    .map((fields) => {
      const [address, port] = fields[1]!.split(":");
      return { command, address: address!, port: Number.parseInt(port!, 16), isLoopback: isLoopback(address!) };
    });
}

/** 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6 maps it. */
function isLoopback(address: string): boolean {
  return (
    /^(0{16}F{4}0{4}|0{16}0{4}F{4})?[0-9A-F]{6}7F$/.test(address) || address === "00000000000000000000000001000000"
  );
}
