import type { Logger } from "@cliscale/service";
import { createEmulator, type Emulator, type Snapshot } from "./emulator/emulator.ts";
import { createOpenQueries } from "./openQueries.ts";
import type { OutputStream } from "./outputStream.ts";
import type { SizeHistory } from "./sizeHistory.ts";

/** After so long without output the emulator catches up, in milliseconds: while much comes in, clients go first … */
const quietMilliseconds = 20;
/** … and so much of it in one turn of the event loop, in bytes. */
const sliceBytes = 256 * 1024;

/** The emulator catches up each time that the size has changed so often, since not all sizes are kept. */
const sizesAtOnce = 100;

/** Keeps the screen that a client is shown who has missed too much of the output. */
export interface ScreenKeeper {
  onOutput: () => void;
  onResize: () => void;
  /** Output before this offset is about to be lost. */
  onDrop: (start: number) => void;
  /** Whether a client is attached that draws the output and answers the queries in it, from now on. */
  setAttended: (attended: boolean) => void;
  /** The client that answers queries has sent input. */
  onInput: (input: Buffer) => void;
  /** The client that answers queries is gone: those that it has not answered are answered by default. */
  onControllerLost: () => void;
  snapshot: () => Snapshot;
  title: () => string | undefined;
}

export interface ScreenKeeperOptions {
  output: OutputStream;
  sizes: SizeHistory;
  /** Types a reply to a query that no client answers. */
  reply: (reply: string) => void;
  logger: Logger;
}

/** Creates a keeper. It runs an emulator only from when it is needed: many sessions are attached once, and print little. */
export function createScreenKeeper({ output, sizes, reply, logger }: ScreenKeeperOptions): ScreenKeeper {
  let emulator: Emulator | undefined;
  let attended = false;
  let timer: NodeJS.Timeout | undefined;
  let preparing: NodeJS.Timeout | undefined;
  let lastOutputAt = 0;
  const queries = createOpenQueries();
  /** Whether the output that is being drawn is too old for its queries to be answered. */
  let isOld = false;

  const emulate = () =>
    (emulator ??= createEmulator({
      output,
      sizes,
      onReply: (text) => {
        if (!attended) reply(text);
        else if (!isOld) queries.asked(text);
      },
      logger,
    }));

  const catchUpWhenQuiet = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (performance.now() - lastOutputAt < quietMilliseconds) catchUpWhenQuiet();
      else if (emulator?.catchUp(sliceBytes)) setImmediate(catchUpWhenQuiet);
    }, quietMilliseconds).unref();
  };

  return {
    onOutput: () => {
      queries.noteOutput(output.head());
      if (!attended) {
        emulate().catchUp();
        return;
      }
      lastOutputAt = performance.now();
      if (emulator) catchUpWhenQuiet();
    },
    onResize: () => {
      if (sizes.current() % sizesAtOnce === 0) emulate().catchUp();
    },
    onDrop: (start) => emulate().letGo(start),
    setAttended: (next) => {
      // Who answers a query depends on who was there when it came.
      if (next !== attended && output.head() > 0) emulate().catchUp();
      attended = next;
      // Who has left mostly comes back, and a full scrollback takes a moment to write.
      clearTimeout(preparing);
      if (!attended) preparing = setTimeout(() => emulator?.snapshot(), quietMilliseconds).unref();
    },
    onInput: queries.answered,
    onControllerLost: () => {
      queries.noteOutput(output.head());
      const start = queries.recentStart(output.head());
      if (start === output.head()) return;
      isOld = true;
      emulate().drawTo(start);
      isOld = false;
      emulate().catchUp();
      for (const text of queries.take()) reply(text);
    },
    snapshot: () => emulate().snapshot(),
    title: () => emulator?.title(),
  };
}
