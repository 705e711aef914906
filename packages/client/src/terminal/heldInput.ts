/** For how long what is typed is held while a gateway that restarts is left for another one, and how much of it, in bytes. */
const held = { milliseconds: 2000, bytes: 4096 };

/**
 * What is typed while a gateway restarts, which nobody should notice. It has been sent to nobody, so sending it once, in order,
 * doubles nothing; what was sent before is never sent again, whether it arrived or not.
 */
export interface HeldInput {
  /** Begins to hold. */
  hold(): void;
  readonly isHolding: boolean;
  /** Keeps what is typed. Returns false, and keeps nothing, when it would be too much. */
  add(bytes: Uint8Array): boolean;
  /** All that is held, which is not held any longer. */
  release(): Uint8Array[];
  /** Forgets it. Returns whether there was something. */
  drop(): boolean;
}

/** `onLate` is called when it takes too long: whoever typed would not expect it to arrive any more. */
export function createHeldInput(onLate: () => void): HeldInput {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function release(): Uint8Array[] {
    clearTimeout(timer);
    timer = undefined;
    const released = pieces;
    pieces = [];
    bytes = 0;
    return released;
  }

  return {
    hold() {
      release();
      timer = setTimeout(onLate, held.milliseconds);
    },
    get isHolding() {
      return timer !== undefined;
    },
    add(piece) {
      if (bytes + piece.length > held.bytes) return false;
      pieces.push(piece);
      bytes += piece.length;
      return true;
    },
    release,
    drop: () => release().length > 0,
  };
}
