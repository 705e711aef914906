import type { IDisposable, IParser } from "@xterm/xterm";

/** Which data of an xterm are replies. */
export interface ReplyWatch extends IDisposable {
  /** Whether data that the xterm emits now is a reply that must not be sent, or one that must; undefined: it is typed. */
  readonly reply: "unwanted" | "wanted" | undefined;
  /** To be called when an addon has been loaded that replies as well: the latest to register hears of a query first. */
  renew(): void;
}

/**
 * Finds out which data of an xterm are replies that must not be sent. A terminal replies to queries in what it draws, also
 * when it draws again what another terminal has replied to long ago; a program that gets two replies takes the second for
 * typing.
 */
export function watchReplies(parser: IParser, answersQueries: () => boolean): ReplyWatch {
  let reply: ReplyWatch["reply"];
  let handlers: IDisposable[] = [];

  // The handler that replies runs right after this one and emits its reply before anything else happens. What is typed is
  // emitted in another turn of the event loop, by when the microtask has run.
  const judge = () => {
    reply = answersQueries() ? "wanted" : "unwanted";
    queueMicrotask(() => {
      reply = undefined;
    });
    return false;
  };

  // Everything that xterm 6 and its addon for images reply to: device attributes and status, modes, the focus when its
  // reports are switched on, settings, colours, the limits of pictures.
  function register() {
    handlers = [
      parser.registerCsiHandler({ final: "c" }, judge),
      parser.registerCsiHandler({ prefix: ">", final: "c" }, judge),
      parser.registerCsiHandler({ final: "n" }, judge),
      parser.registerCsiHandler({ prefix: "?", final: "n" }, judge),
      parser.registerCsiHandler({ intermediates: "$", final: "p" }, judge),
      parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, judge),
      parser.registerCsiHandler({ prefix: "?", final: "h" }, judge),
      parser.registerCsiHandler({ prefix: "?", final: "S" }, judge),
      parser.registerDcsHandler({ intermediates: "$", final: "q" }, judge),
      ...[4, 10, 11, 12].map((colour) => parser.registerOscHandler(colour, judge)),
    ];
  }

  function dispose() {
    for (const handler of handlers) handler.dispose();
  }

  register();
  return {
    get reply() {
      return reply;
    },
    renew() {
      dispose();
      register();
    },
    dispose,
  };
}
