import type { TestStack } from "@cliscale/e2e/stack";
import type { Browser, CDPSession } from "playwright-core";
import { openProduct, signIn, startShell, stopShell } from "./visit.ts";

/** What has come over the wire so far, headers included. */
export interface Transfer {
  requests: number;
  bytes: number;
  /** Of them from Hosting: the page's own files. */
  pageRequests: number;
  pageBytes: number;
}

export interface Transfers {
  /** The sign-in form is there. */
  signedOut: Transfer;
  firstContentfulPaintMilliseconds: number;
  /** Signed in, a session started, its prompt there. */
  terminal: Transfer;
  /** How Hosting has encoded the page's files. */
  encodings: string[];
  /** The largest of them. */
  files: { name: string; bytes: number }[];
}

interface Received {
  url: string;
  encoding: string;
  bytes: number;
}

const filesShown = 8;

/** What somebody downloads who has never been here. */
export async function measureTransfer(browser: Browser, stack: TestStack): Promise<Transfers> {
  const visit = await openProduct(browser);
  const { page, context } = visit;
  const received = await record(await context.newCDPSession(page));
  await page.goto(stack.url, { waitUntil: "networkidle" });
  await page.locator("#sign-in").waitFor();
  const signedOut = summary(received, stack.url);
  const firstContentfulPaint = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );

  await signIn(visit, stack);
  await startShell(visit);
  const terminal = summary(received, stack.url);
  await stopShell(visit);
  await context.close();
  const own = received.filter(({ url }) => url.startsWith(stack.url));
  const sizes = new Map(own.map(({ url, bytes }) => [new URL(url).pathname, bytes]));
  return {
    signedOut,
    firstContentfulPaintMilliseconds: Math.round(firstContentfulPaint),
    terminal,
    encodings: [...new Set(own.map(({ encoding }) => encoding))].sort(),
    files: [...sizes]
      .map(([name, bytes]) => ({ name, bytes }))
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, filesShown),
  };
}

/** Returns a list that grows with every answer that has come in whole. */
async function record(devTools: CDPSession): Promise<Received[]> {
  const received: Received[] = [];
  const begun = new Map<string, Omit<Received, "bytes">>();
  devTools.on("Network.responseReceived", ({ requestId, response }) => {
    const encoding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-encoding");
    begun.set(requestId, { url: response.url, encoding: encoding?.[1] ?? "none" });
  });
  devTools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const request = begun.get(requestId);
    if (request?.url.startsWith("http")) received.push({ ...request, bytes: encodedDataLength });
  });
  await devTools.send("Network.enable");
  return received;
}

function summary(received: readonly Received[], pageUrl: string): Transfer {
  const own = received.filter(({ url }) => url.startsWith(pageUrl));
  const sum = (some: readonly Received[]) => some.reduce((total, { bytes }) => total + bytes, 0);
  return { requests: received.length, bytes: sum(received), pageRequests: own.length, pageBytes: sum(own) };
}
