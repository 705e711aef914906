import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import type { CuttingProxy } from "../cuts/cuttingProxy.ts";
import type { Random } from "../cuts/random.ts";
import type { SecondGateway } from "./secondGateway.ts";
import type { WatchedTab } from "./watchedTab.ts";

/** A tab, and what can be broken between it and its session. */
export interface CutTab {
  tab: WatchedTab;
  network: CuttingProxy;
  gateway: SecondGateway;
}

/** Breaks the connection of a tab, has something happen meanwhile, and lets the tab come back. */
export type WayToCut = (cut: CutTab, random: Random, meanwhile: () => Promise<void>) => Promise<void>;

/** The longest that a clock is wrong, either way, in milliseconds. */
const day = 86_400_000;

export const waysToCut = {
  async "gateway killed"({ gateway }, random, meanwhile) {
    await gateway.kill();
    await meanwhile();
    await delay(random.below(1000));
    await gateway.start();
  },

  async "network offline"({ tab, network }, random, meanwhile) {
    breakConnection(network, random);
    network.setDown(true);
    await tab.page.context().setOffline(true);
    await meanwhile();
    network.setDown(false);
    await tab.page.context().setOffline(false);
  },

  async "tab asleep"({ tab, network }, random, meanwhile) {
    await tab.setHidden(true);
    const wake = await putToSleep(tab.browser);
    breakConnection(network, random);
    await meanwhile();
    wake();
    await tab.setHidden(false);
  },

  /** As when a machine goes on after a sleep, or is told the time: what is set is not what timers go by. */
  async "clock jumped"({ tab, network }, random, meanwhile) {
    breakConnection(network, random);
    await tab.moveClock((1 + random.below(day)) * (random() < 0.5 ? 1 : -1));
    await meanwhile();
  },
} satisfies Record<string, WayToCut>;

export type WayName = keyof typeof waysToCut;
export const wayNames = Object.keys(waysToCut) as WayName[];

/** At once or after some more bytes, within a frame or not; or so that neither end is told. */
function breakConnection(network: CuttingProxy, random: Random): void {
  if (random() < 0.5) network.silence();
  else network.cutAfter(random() < 0.5 ? 0 : 1 + random.below(100));
}

/** Stops the processes that run a browser's pages: no timer fires, and nothing that arrives is read. Returns what wakes them. */
async function putToSleep(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  for (const id of renderers) process.kill(id, "SIGSTOP");
  return () => {
    for (const id of renderers) process.kill(id, "SIGCONT");
  };
}
