import type { Core, PayloadHandler } from "./core.ts";

/** Characters of a sequence's payload, beyond which it counts for nothing. Copies to the clipboard are what needs most of them. */
const longestPayload = 2 * 1024 * 1024;
/** As many arguments as a call takes on any engine. */
const charactersAtOnce = 8192;

/**
 * Has the payloads of sequences (OSC and DCS) collected in little more memory than they are long. xterm adds each character to a string
 * of its own, which takes 20 bytes of memory or more, for every handler of a sequence, up to ten million characters.
 */
export function collectPayloads({ _inputHandler: { _parser } }: Core): void {
  for (const { _handlers } of [_parser._oscParser, _parser._dcsParser]) {
    // All terminals of a module share the kind.
    const kind = Object.getPrototypeOf(Object.values(_handlers)[0]![0]) as PayloadHandler;
    kind.put = collect;
  }
}

function collect(this: PayloadHandler, characters: Uint32Array, start: number, end: number): void {
  if (this._hitLimit) return;
  for (let index = start; index < end; index += charactersAtOnce) {
    this._data += String.fromCodePoint(...characters.subarray(index, Math.min(end, index + charactersAtOnce)));
  }
  if (this._data.length <= longestPayload) return;
  this._data = "";
  this._hitLimit = true;
}
