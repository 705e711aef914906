import type { IParser } from "@xterm/xterm";

/**
 * Finds out which data of an xterm are replies that must not be sent. A terminal replies to queries in what it draws, also
 * when it draws again what another terminal has replied to long ago; a program that gets two replies takes the second for
 * typing. Returns whether data that the xterm emits now is such a reply.
 */
export function watchReplies(parser: IParser, answersQueries: () => boolean): () => boolean {
  let isUnwanted = false;

  // The xterm's own handler runs right after this one and emits its reply before anything else happens. What is typed is
  // emitted in another turn of the event loop, by when the microtask has run.
  const judge = () => {
    isUnwanted = !answersQueries();
    queueMicrotask(() => {
      isUnwanted = false;
    });
    return false;
  };

  // Everything that xterm 6 replies to: device attributes and status, modes, the focus when its reports are switched on,
  // settings, colours.
  parser.registerCsiHandler({ final: "c" }, judge);
  parser.registerCsiHandler({ prefix: ">", final: "c" }, judge);
  parser.registerCsiHandler({ final: "n" }, judge);
  parser.registerCsiHandler({ prefix: "?", final: "n" }, judge);
  parser.registerCsiHandler({ intermediates: "$", final: "p" }, judge);
  parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, judge);
  parser.registerCsiHandler({ prefix: "?", final: "h" }, judge);
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, judge);
  for (const colour of [4, 10, 11, 12]) parser.registerOscHandler(colour, judge);
  return () => isUnwanted;
}
