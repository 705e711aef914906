import type { Logger } from "@cliscale/service";

export interface WorkQueue {
  /** Has the key handled soon, once, however often it is added before that. */
  add(key: string): void;
  /** Adds the key after a while; only the last call for a key counts. */
  addAfter(key: string, milliseconds: number): void;
  close(): void;
}

/** The longest that a timer of Node can wait, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/**
 * A controller's queue of objects to look at again. Changes of the store call back while they happen; what a controller
 * changes in answer has to wait until all have heard of the first, and so goes through here.
 */
export function createWorkQueue(name: string, logger: Logger, handle: (key: string) => void): WorkQueue {
  const due = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let scheduled: NodeJS.Immediate | undefined;

  const drain = () => {
    scheduled = undefined;
    const keys = [...due];
    due.clear();
    for (const key of keys) {
      try {
        handle(key);
      } catch (error) {
        logger.error({ err: error, controller: name, key }, "a controller failed on an object");
      }
    }
  };

  const add = (key: string) => {
    due.add(key);
    scheduled ??= setImmediate(drain);
  };

  return {
    add,
    addAfter(key, milliseconds) {
      clearTimeout(timers.get(key));
      const timer = setTimeout(
        () => {
          timers.delete(key);
          add(key);
        },
        Math.min(Math.max(0, milliseconds), longestTimer),
      );
      timers.set(key, timer);
    },
    close() {
      clearImmediate(scheduled);
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      due.clear();
    },
  };
}
