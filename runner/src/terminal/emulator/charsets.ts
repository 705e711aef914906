import { type Charset, internalsOf } from "./internals.ts";
import { loadHeadless } from "./loadHeadless.ts";

/** The final bytes of the sequences that designate xterm's character sets. */
const designators = "0A4C5RQKYE6ZH7=";

let designatorOf: Map<Charset, string> | undefined;

/** The final byte of the sequence that designates a character set; `B` is the usual one. */
export function charsetDesignator(charset: Charset): string {
  if (charset === undefined) return "B";
  designatorOf ??= learnDesignators();
  return designatorOf.get(charset) ?? "B";
}

/** All terminals share the same tables, which xterm does not export. */
function learnDesignators(): Map<Charset, string> {
  const { Terminal } = loadHeadless();
  const terminal = new Terminal({ cols: 2, rows: 1, scrollback: 0, logLevel: "off" });
  const internals = internalsOf(terminal);
  const learned = new Map<Charset, string>();
  for (const designator of designators) {
    internals._inputHandler.parse(Buffer.from(`\x1b(${designator}`));
    const charset = internals._charsetService._charsets[0];
    if (charset && !learned.has(charset)) learned.set(charset, designator);
  }
  terminal.dispose();
  return learned;
}
