import { once, EventEmitter } from "node:events";
import { type Client, openTerminal, type Screen, type TerminalState } from "@cliscale/client";
import type { Attach, Exit } from "@cliscale/protocol";
import { WebSocket } from "ws";

/** A terminal that attaches again as the page's does, and keeps what it is asked to draw as text. */
export interface TextTerminal {
  readonly state: TerminalState["name"];
  /** What has been drawn since the screen was last cleared. */
  text(): string;
  /** Resolves when the text matches; rejects after a minute. */
  until(pattern: RegExp): Promise<void>;
  type(text: string): void;
  /** How the command ended; undefined when the session ended otherwise. */
  ended: Promise<Exit | undefined>;
  close(): void;
}

const untilMilliseconds = 60_000;

export function openTextTerminal(options: {
  client: Client;
  sessionId: string;
  attach?: Attach | undefined;
}): TextTerminal {
  const news = new EventEmitter();
  const ended = Promise.withResolvers<Exit | undefined>();
  const decoder = new TextDecoder();
  let text = "";
  const screen: Screen = {
    write(bytes, drawn) {
      text += decoder.decode(bytes, { stream: true });
      drawn();
      news.emit("drawn");
    },
    reset() {
      text = "";
    },
    resize: () => undefined,
  };
  const terminal = openTerminal({
    ...options,
    screen,
    size: { columns: 80, rows: 24 },
    WebSocket,
    onState: (state) => {
      if (state.name === "ended") ended.resolve(state.exit);
    },
  });
  return {
    get state() {
      return terminal.state.name;
    },
    text: () => text,
    async until(pattern) {
      const signal = AbortSignal.timeout(untilMilliseconds);
      while (!pattern.test(text)) {
        await once(news, "drawn", { signal }).catch(() => {
          throw new Error(`${String(pattern)} did not appear; the terminal is ${terminal.state.name}:\n${text}`);
        });
      }
    },
    type: (input) => void terminal.input(input),
    ended: ended.promise,
    close: () => terminal.close(),
  };
}
