import type { Internals } from "./internals.ts";

/** The state between two sequences, and the one after an escape character, of xterm's parser. */
const ground = 0;
const escape = 1;
/** Where C1 controls lie; all characters above behave the same. */
const c1 = { start: 0x80, end: 0xa0 };

/** Follows a stream of output and knows where it is between two escape sequences. */
export interface SequenceBoundary {
  /** Takes the next bytes, which hold whole characters; the end of their last sequence or character, -1 when none ends. */
  scan: (bytes: Uint8Array) => number;
}

/** Creates a boundary that moves through the states of xterm's own parser, by its table. */
export function createSequenceBoundary({ _inputHandler }: Internals): SequenceBoundary {
  const { table } = _inputHandler._parser._transitions;
  let state = ground;

  return {
    scan: (bytes) => {
      let boundary = -1;
      for (let index = 0; index < bytes.length; index++) {
        let code = bytes[index]!;
        if (code >= c1.start) {
          if (code === 0xc2 && (bytes[index + 1] ?? 0) < c1.end) code = bytes[++index] ?? c1.end;
          else if (code < 0xc0) continue;
          else code = c1.end;
          while ((bytes[index + 1]! & 0xc0) === 0x80) index++;
        }
        // An escape character both ends a string and begins a sequence, which the table leaves out.
        state = code === 0x1b ? escape : table[(state << 8) | code]! & 0x0f;
        if (state === ground) boundary = index + 1;
      }
      return boundary;
    },
  };
}

/** What has a terminal take the rest of an unfinished sequence for one without effect, by the parser's state. */
const swallowing: Record<number, string> = {
  6: "\x1b[0<",
  7: "\x1b_",
  8: "\x1b]x",
  11: "\x1bP0<",
  13: "\x1bP0<",
};

/** Opens a sequence like the one that the terminal is in the middle of; nothing between two. */
export function openSequence({ _inputHandler }: Internals): string {
  return swallowing[_inputHandler._parser.currentState] ?? "";
}
