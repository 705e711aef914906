import { type Part, type PartOptions, type ReadyMessage, startPart } from "./part.ts";

export interface Supervisor {
  /** Starts a part, resolves when it serves, and starts it again whenever it ends by itself. */
  start(options: PartOptions): Promise<ReadyMessage>;
  /** Rejects when a part ends over and over, or does not come up again. */
  failed: Promise<never>;
  /** Stops all parts, those that are just starting and then the last started first. */
  stop: () => Promise<void>;
}

/** A part that ends more often than this within a minute is broken. */
const restartsPerMinute = 5;

/** Keeps the parts of the stack running, as Kubernetes and Google would. */
export function superviseParts(say: (text: string) => void): Supervisor {
  const running: Part[] = [];
  const starting = new Set<Promise<Part>>();
  const stop = new AbortController();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let stopping: Promise<void> | undefined;

  async function start(options: PartOptions): Promise<ReadyMessage> {
    return (await bringUp(options, [])).readyMessage;
  }

  function bringUp(options: PartOptions, restarts: number[]): Promise<Part> {
    const bringing = startPart(options, stop.signal).then(async (part) => {
      await adopt(part, options, restarts);
      return part;
    });
    starting.add(bringing);
    return bringing.finally(() => starting.delete(bringing));
  }

  async function adopt(part: Part, options: PartOptions, restarts: number[]): Promise<void> {
    if (stopping) return part.stop();
    running.push(part);
    watch(part, options, restarts);
  }

  function watch(part: Part, options: PartOptions, restarts: number[]): void {
    part.ended
      .then((how) => restart(part, options, restarts, how))
      .catch((error: unknown) => {
        if (!stopping) failure.reject(error);
      });
  }

  async function restart(part: Part, options: PartOptions, restarts: number[], how: string): Promise<void> {
    if (stopping) return;
    running.splice(running.indexOf(part), 1);
    const now = Date.now();
    const recent = [...restarts.filter((time) => time > now - 60_000), now];
    if (recent.length > restartsPerMinute) {
      throw new Error(`${part.name} ${how}, for the ${recent.length}th time within a minute`);
    }
    say(`${part.name} ${how}; starting it again`);
    await bringUp(options, recent);
  }

  return {
    start,
    failed: failure.promise,
    stop() {
      stopping ??= (async () => {
        stop.abort();
        await Promise.allSettled(starting);
        for (const part of running.toReversed()) await part.stop();
      })();
      return stopping;
    },
  };
}
