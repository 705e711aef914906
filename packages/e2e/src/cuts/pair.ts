import { setTimeout as delay } from "node:timers/promises";
import type { TerminalSize } from "@cliscale/protocol";
import { type CuttingProxy, startCuttingProxy } from "./cuttingProxy.ts";
import type { ReadableScreen } from "./headlessScreen.ts";
import { type ObservedClient, openObserved } from "./observedClient.ts";
import { differences } from "./terminalState.ts";

/** How long two clients may take to have been sent the same output. */
const settleMilliseconds = 15_000;
/** For so long nothing has come when nothing more is under way: a change of size takes 50 ms to settle. */
const quietMilliseconds = 120;

/** Two clients of one session: one over a network that breaks, and one that never loses its connection. */
export interface Pair {
  cut: ObservedClient;
  uncut: ObservedClient;
  network: CuttingProxy;
  /** Waits until both have been sent all output so far, which goes up to this offset at least. */
  settle: (offset?: number) => Promise<void>;
  /** In what the two differ when all is drawn; empty when they show the same. */
  compare: () => Promise<string[]>;
  close: () => Promise<void>;
}

export interface PairOptions {
  /** The WebSocket of the session's terminal server, or of a gateway. */
  url: string;
  /** A fresh token for each attach, where a gateway wants one. */
  token?: string;
  size: TerminalSize;
  createScreen: (size: TerminalSize) => ReadableScreen | Promise<ReadableScreen>;
}

/** Attaches both clients, the uncut one first. */
export async function openPair({ url, token = "none", size, createScreen }: PairOptions): Promise<Pair> {
  const address = new URL(url);
  const network = await startCuttingProxy({ host: address.hostname, port: Number(address.port) });
  const behind = new URL(url);
  behind.hostname = "127.0.0.1";
  behind.port = String(network.port);
  const screens = [await createScreen(size), await createScreen(size)] as const;
  const open = (to: string, screen: ReadableScreen) => {
    const client = openObserved({ attach: { url: to, token, expiresAt: "" }, screen: screen.screen, size });
    screen.connect(client.terminal);
    return client;
  };
  const uncut = open(url, screens[0]);
  await uncut.becomes("attached");
  const cut = open(behind.href, screens[1]);
  await cut.becomes("attached");

  const settle = async (offset = 0) => {
    const deadline = performance.now() + settleMilliseconds;
    let quietSince = performance.now();
    for (let before = ""; ;) {
      const now = standOf(uncut);
      if (now !== before || standOf(cut) !== now || uncut.offset() < offset) quietSince = performance.now();
      if (performance.now() - quietSince > quietMilliseconds) return;
      if (performance.now() > deadline) throw new Error(`${standOf(cut)} and ${now} do not meet`);
      before = now;
      await delay(10);
    }
  };
  return {
    cut,
    uncut,
    network,
    settle,
    compare: async () => {
      // A busy machine may be silent for longer than that in the middle of what it does.
      for (const deadline = performance.now() + settleMilliseconds; ; await delay(quietMilliseconds)) {
        const [expected, actual] = await Promise.all([screens[0].state(), screens[1].state()]);
        const found = differences(expected, actual);
        if (found.length === 0 || performance.now() > deadline) return found;
      }
    },
    close: async () => {
      cut.terminal.close();
      uncut.terminal.close();
      await network.close();
      await Promise.all(screens.map((screen) => screen.dispose()));
    },
  };
}

/** What a client has been sent. */
function standOf(client: ObservedClient): string {
  return `offset ${client.offset()}, size ${client.sizes()}`;
}
