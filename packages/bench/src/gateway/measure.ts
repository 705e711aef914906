import { readdir, readFile } from "node:fs/promises";

/** CPU time of processes in microseconds. */
export interface CpuTime {
  /** Of the main threads: in Node, the event loop. */
  main: number;
  all: number;
}

/** Resident memory of these processes together, in bytes. */
export async function residentBytes(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    total += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
  return total;
}

/** From the scheduler, which counts nanoseconds: https://docs.kernel.org/scheduler/sched-stats.html, `/proc/PID/schedstat`. */
export async function cpuTime(pids: readonly number[]): Promise<CpuTime> {
  const time: CpuTime = { main: 0, all: 0 };
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      // A thread may have ended since it was listed.
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0");
      const microseconds = Number(text.split(" ")[0]) / 1000;
      time.all += microseconds;
      if (Number(thread) === pid) time.main += microseconds;
    }
  }
  return time;
}

/** A process and all that come from it. */
export async function processTree(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8")));
  const children = lists.flatMap((list) => list.trim().split(" ")).filter((child) => child !== "");
  return [pid, ...(await Promise.all(children.map((child) => processTree(Number(child))))).flat()];
}

/** Microseconds in which the machine's cores were not idle. */
export async function busyTime(): Promise<number> {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (await readFile("/proc/stat", "utf8"))
    .split("\n", 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const tickMicroseconds = 10_000;
  return (user + nice + system + irq + softirq) * tickMicroseconds;
}

/** The kernel's own memory for small objects such as sockets, in bytes; it is of the whole machine. */
export async function slabBytes(): Promise<number> {
  return Number(/^Slab:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1]) * 1024;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which this share (0–1) of the sorted values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
