import { encodeMessage, serverMessage, steadyTerminal } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import type { OutputStream } from "../outputStream.ts";
import type { SizeHistory } from "../sizeHistory.ts";
import { answerMore } from "./answers.ts";
import { drawSnapshot } from "./drawSnapshot.ts";
import { findForgotten, worthwhileBytes } from "./fastForward.ts";
import { internalsOf } from "./internals.ts";
import { loadHeadless } from "./loadHeadless.ts";
import { createMemory } from "./memory.ts";
import { createSequenceBoundary, openSequence } from "./sequenceBoundary.ts";

/** Lines above the screen that are kept, as many as clients keep. */
export const scrollbackLines = 10_000;
/** Output that is drawn in one go, in bytes. */
const drawBytes = 64 * 1024;

/** What a terminal shows at a point of the output. */
export interface Snapshot {
  /** The output goes on here. */
  offset: number;
  /** How many changes of size are in it. */
  sizes: number;
  /** The output message that draws it on a cleared terminal of that size, one for all who need it. */
  message: Uint8Array;
}

/** A terminal without a screen that follows the output at its own pace, for those who have missed too much of it. */
export interface Emulator {
  /** Draws what has not been drawn yet, no more than about so many bytes; whether anything may be left. */
  catchUp: (bytes?: number) => boolean;
  /** Draws what comes before an offset, up to a sequence that is not whole there. */
  drawTo: (offset: number) => void;
  /** Has drawn all that comes before an offset, which is about to be lost. */
  letGo: (offset: number) => void;
  /** The screen as it stands at the end of the last whole sequence. */
  snapshot: () => Snapshot;
  /** The title that the program has given its window. */
  title: () => string | undefined;
}

export interface EmulatorOptions {
  output: OutputStream;
  sizes: SizeHistory;
  /** A reply to a query in the output that is being drawn. */
  onReply: (reply: string) => void;
  logger: Logger;
  /** Lines above the screen that are kept. */
  scrollback?: number;
}

/** Creates an emulator that begins with the output's first byte, which must still be there. */
export function createEmulator(options: EmulatorOptions): Emulator {
  const { output, sizes, onReply, logger, scrollback = scrollbackLines } = options;
  const { Terminal, UnicodeGraphemesAddon } = loadHeadless();
  const { columns, rows } = sizes.at(0);
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback,
    allowProposedApi: true,
    logLevel: "off",
  });
  const internals = internalsOf(terminal);
  const memory = createMemory(terminal);
  const boundary = createSequenceBoundary(internals);
  steadyTerminal(terminal, new UnicodeGraphemesAddon());
  answerMore(terminal, onReply);
  terminal.onData(onReply);
  /** Output up to here is drawn: up to a sequence that is not whole yet. */
  let drawn = 0;
  /** Up to here it is known where sequences end. */
  let scanned = 0;
  /** Before this nothing more can be left out, unless much has come in since output up to there was looked at. */
  let examined = 0;
  let examinedEnd = 0;
  let sizesApplied = 0;
  let latest: Snapshot | undefined;

  const catchUp = ({ bytes = Infinity, past = Infinity, end = Infinity } = {}) => {
    const enough = scanned + bytes;
    for (;;) {
      if (scanned >= enough || drawn >= past) return true;
      const next = sizesApplied < sizes.current() ? sizes.at(sizesApplied + 1) : undefined;
      const sizeEnd = Math.min(next?.offset ?? output.head(), end);
      if (scanned === drawn && passOver(sizeEnd)) continue;
      const limit = Math.min(scanned + drawBytes, sizeEnd);
      if (scanned < limit) scan(limit);
      else if (next && scanned === next.offset) resize();
      else return false;
    }
  };

  /** Leaves out what scrolls away, and returns whether there was any. */
  const passOver = (end: number) => {
    if (end - drawn < worthwhileBytes || (drawn < examined && end < examinedEnd + worthwhileBytes)) return false;
    const forgotten = findForgotten(output.read(drawn, end - drawn), internals, scrollback);
    examined = drawn + forgotten.examined;
    examinedEnd = end;
    if (forgotten.length === 0) return false;
    parse(Buffer.from(forgotten.pen));
    drawn += forgotten.length;
    scanned = drawn;
    return true;
  };

  const scan = (limit: number) => {
    const bytes = output.read(scanned, limit - scanned);
    const whole = boundary.scan(bytes);
    if (whole > 0) draw(scanned + whole);
    scanned += bytes.length;
  };

  const draw = (end: number) => {
    while (drawn < end) {
      const bytes = output.read(drawn, Math.min(end - drawn, drawBytes));
      drawn += bytes.length;
      parse(bytes);
    }
  };

  const parse = (bytes: Uint8Array) => {
    latest = undefined;
    try {
      internals._inputHandler.parse(bytes);
    } catch (error) {
      // A defect of the emulator must not end the session; what a snapshot shows may differ from here on.
      logger.error({ err: error }, "output could not be emulated");
    }
  };

  const drawScreen = () => {
    try {
      return drawSnapshot(internals, memory);
    } catch (error) {
      // Nor must this: the client goes on from a blank screen.
      logger.error({ err: error }, "the screen could not be drawn");
      return Buffer.alloc(0);
    }
  };

  const resize = () => {
    latest = undefined;
    sizesApplied++;
    const size = sizes.at(sizesApplied);
    terminal.resize(size.columns, size.rows);
    // Left to itself xterm complains on the console when the process is too busy.
    internals._bufferService.buffers.normal._memoryCleanupQueue.flush();
  };

  return {
    catchUp: (bytes = Infinity) => catchUp({ bytes }),
    drawTo: (offset) => void catchUp({ end: offset }),
    letGo: (offset) => {
      if (drawn < offset) catchUp({ past: offset });
      // A sequence as long as all that is kept is drawn in parts.
      if (drawn < offset) draw(scanned);
    },
    snapshot: () => {
      catchUp();
      latest ??= {
        offset: drawn,
        sizes: sizesApplied,
        message: encodeMessage(
          serverMessage.output,
          Buffer.concat([drawScreen(), Buffer.from(openSequence(internals))]),
        ),
      };
      return latest;
    },
    title: memory.title,
  };
}
