import { type OpenTerminalOptions, type TerminalState, createClient, openTerminal } from "@cliscale/client";
import { type Answer, result, startCallables } from "./callableServer.ts";
import { createScreen } from "./screen.ts";
import { session, sessionId } from "./sessions.ts";
import { startTerminalServer } from "./terminalServer.ts";

export const size = { columns: 80, rows: 24 };

/** A terminal under test, with both servers that it talks to. attachSession hands out TOKEN1, TOKEN2 and so on. */
export async function startTerminal(
  scripts: Record<string, Answer[]> = {},
  { firstToken, ...options }: Partial<OpenTerminalOptions> & { firstToken?: string } = {},
) {
  const server = await startTerminalServer();
  let tokens = 0;
  const freshToken: Answer = (response, call) => {
    result({ session: session(), attach: server.attach(`TOKEN${++tokens}`) })(response, call);
  };
  const callables = await startCallables({ attachSession: [freshToken], ...scripts });
  const screen = createScreen();
  const states: TerminalState[] = [];
  const waiting: { matches: (state: TerminalState) => boolean; resolve: (state: TerminalState) => void }[] = [];
  const terminal = openTerminal({
    client: createClient({ functionsUrl: callables.functionsUrl, idToken: () => Promise.resolve("ID_TOKEN") }),
    sessionId,
    screen: screen.screen,
    size,
    backoff: { minimumMilliseconds: 20, maximumMilliseconds: 60 },
    attach: firstToken === undefined ? undefined : server.attach(firstToken),
    ...options,
    onState(state) {
      states.push(state);
      for (const waiter of waiting) if (waiter.matches(state)) waiter.resolve(state);
    },
  });
  return {
    server,
    callables,
    screen,
    states,
    terminal,
    /** The next time that the terminal is in a state of the name. */
    becomes<Name extends TerminalState["name"]>(name: Name): Promise<Extract<TerminalState, { name: Name }>> {
      return new Promise((resolve) =>
        waiting.push({ matches: (state) => state.name === name, resolve: resolve as (state: TerminalState) => void }),
      );
    },
    async [Symbol.asyncDispose]() {
      terminal.close();
      await server[Symbol.asyncDispose]();
      await callables[Symbol.asyncDispose]();
    },
  };
}

export const position = (offset: number, fields: object = {}) => ({
  epoch: "E1",
  offset,
  head: offset,
  ...size,
  controller: true,
  ...fields,
});
