import type { TerminalSize } from "@cliscale/protocol";

/** Sizes that are kept; who has missed more than that gets a snapshot. */
const keptSizes = 1000;

/** From where on in the output a size holds. */
export interface SizeChange extends TerminalSize {
  offset: number;
}

/** The sizes that a terminal has had, counted from 0, which is the one that it began with. */
export interface SizeHistory {
  /** The count of the current size. */
  current: () => number;
  /** A size that is still known. */
  at: (count: number) => SizeChange;
  add: (size: TerminalSize, offset: number) => void;
  /** Whether all changes after this one are known. */
  isKnown: (count: number) => boolean;
  /** The count of the size that the first byte was drawn at; undefined when unknown. */
  initial: () => number | undefined;
  /**
   * The count of the size that a client has who has drawn up to an offset: what it says if that can be, else the first one
   * that may have held there, so that the client is told all sizes that it may have missed. Undefined when unknown.
   */
  countAt: (offset: number, told?: number) => number | undefined;
}

export function createSizeHistory(first: TerminalSize): SizeHistory {
  /** The count of the first size that is known. */
  let known = 0;
  const changes: SizeChange[] = [{ columns: first.columns, rows: first.rows, offset: 0 }];
  const current = () => known + changes.length - 1;
  const at = (count: number) => {
    const change = changes[count - known];
    if (!change) throw new RangeError(`no size ${count}`);
    return change;
  };
  const isKnown = (count: number) => count >= known && count <= current();
  const holds = (count: number, offset: number) =>
    isKnown(count) && at(count).offset <= offset && (count === current() || at(count + 1).offset >= offset);

  return {
    current,
    at,
    isKnown,
    add: (size, offset) => {
      changes.push({ columns: size.columns, rows: size.rows, offset });
      if (changes.length > keptSizes) {
        changes.shift();
        known++;
      }
    },
    initial: () => {
      const last = changes.findLastIndex((change) => change.offset === 0);
      return last === -1 ? undefined : known + last;
    },
    countAt: (offset, told) => {
      if (told !== undefined) return holds(told, offset) ? told : undefined;
      const later = changes.findIndex((change) => change.offset >= offset);
      if (later === -1) return current();
      if (later > 0) return known + later - 1;
      return known === 0 ? 0 : undefined;
    },
  };
}
