import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestStack } from "@cliscale/e2e/stack";
import type { TerminalSize } from "@cliscale/protocol";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { installProbe, type Probe } from "./probe.ts";

/** A page with a terminal on a shell, in a browser profile and thus a process of its own. */
export interface Visit {
  context: BrowserContext;
  page: Page;
  /** Types a line. */
  line: (text: string) => Promise<void>;
  /** Types a line and waits until the terminal shows something. */
  run: (text: string, pattern: RegExp) => Promise<{ text: string; at: number }>;
  until: (pattern: RegExp) => Promise<{ text: string; at: number }>;
  probe: () => Promise<Omit<Probe, "watchFrames" | "shown">>;
}

export interface BarePeer {
  open: (size: TerminalSize) => Promise<Visit>;
  stop: () => Promise<void>;
}

/** A shell without files of the user's, so that both sides run the same. */
const shell = "bash --norc --noprofile";
const viewport = { width: 1000, height: 700 };
const promptPattern = /[$#]\s*$/;

/** Our page, before anybody has signed in; nothing is loaded yet. */
export async function openProduct(browser: Browser): Promise<Visit> {
  const { context, page } = await newPage(browser);
  return driving(context, page);
}

/** Loads the page where it is not yet, and signs in as the demo user. */
export async function signIn({ page }: Visit, stack: TestStack): Promise<void> {
  if (!page.url().startsWith(stack.url)) await page.goto(stack.url);
  await page.locator("#email").fill(stack.demo.email);
  await page.locator("#password").fill(stack.demo.password);
  await page.locator("#sign-in").click();
  await page.locator("#start").waitFor();
}

/** Starts a session with a shell by the page's own form, up to its prompt. */
export async function startShell({ page, until }: Visit): Promise<void> {
  await page.locator("#source").fill("template:shell");
  await page.locator("#command").fill(shell);
  await page.locator("#start").click();
  await page.locator('#status[data-state="attached"]').waitFor();
  await until(promptPattern);
}

/** Ends the session, and shows the form again. */
export async function stopShell({ page }: Visit): Promise<void> {
  await page.locator("#stop").click();
  await page.locator('#status[data-state="ended"]').waitFor();
  await page.getByRole("link", { name: "New session" }).first().click();
  await page.locator("#start").waitFor();
}

/** A page with xterm.js and a WebSocket to a server with node-pty, and nothing else: see bareServer.ts. */
export async function startBare(browser: Browser): Promise<BarePeer> {
  const server: ChildProcess = fork(join(import.meta.dirname, "bareServer.ts"), [], { stdio: "inherit" });
  const [port] = (await once(server, "message")) as [number];
  return {
    async open({ columns, rows }) {
      const { context, page } = await newPage(browser);
      await page.goto(`http://127.0.0.1:${port}/?columns=${columns}&rows=${rows}`);
      const visit = driving(context, page);
      await visit.until(promptPattern);
      return visit;
    },
    async stop() {
      const exited = once(server, "exit");
      if (server.connected) server.disconnect();
      await exited;
    },
  };
}

export async function sizeOf(visit: Visit): Promise<TerminalSize> {
  const { text } = await visit.run("clear; stty size", /^\d+ \d+$/m);
  const [rows, columns] = /^(\d+) (\d+)$/m.exec(text)!.slice(1).map(Number) as [number, number];
  return { columns, rows };
}

async function newPage(browser: Browser) {
  const context = await browser.newContext({ viewport });
  await context.addInitScript(installProbe);
  return { context, page: await context.newPage() };
}

function driving(context: BrowserContext, page: Page): Visit {
  page.setDefaultTimeout(120_000);
  const until = (pattern: RegExp) =>
    page.evaluate(([source, flags]) => window.probe.shown(source!, flags!), [pattern.source, pattern.flags]);
  const line = async (text: string) => {
    await page.bringToFront();
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type(`${text}\n`);
  };
  return {
    context,
    page,
    line,
    until,
    async run(text, pattern) {
      await line(text);
      return until(pattern);
    },
    probe: () =>
      page.evaluate(() => {
        const { glyphs, echoes, start, frames } = window.probe;
        return { glyphs, echoes, start, frames };
      }),
  };
}
