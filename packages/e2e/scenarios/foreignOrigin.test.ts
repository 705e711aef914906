import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "@cliscale/local/settings";
import { bearerProtocolPrefix, closeCodes, terminalProtocol } from "@cliscale/protocol";
import { Client as Database } from "pg";
import type { Browser, Page } from "playwright-core";
import { WebSocket } from "ws";
import { type Attempt, attemptsOn, emulatorPorts, type Target } from "../src/attempts.ts";
import { launchBrowser } from "../src/browser.ts";
import { requestByFetch, requestEveryWay, webSocketInPage } from "../src/foreignPage.ts";
import { type ListeningSocket, listeningSockets } from "../src/sockets.ts";
import { processesOf } from "../src/processes.ts";
import { attach } from "../src/socket.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo } from "../src/user.ts";
import { eventually } from "../src/world.ts";

let stack: TestStack;
let browser: Browser;
let database: Database;
let foreign: Server;
let target: Target;
let attempts: Attempt[];
/** Requests that reached the foreign server, which lets everything through: the proof that pages do send them. */
const canary = new Set<string>();
/** What they send: method, Sec-Fetch-Mode, Sec-Fetch-Dest, and `null` for the origin of a sandboxed frame. */
const sentWays = [
  "POST cors empty",
  "POST no-cors empty",
  "POST no-cors empty null",
  "POST navigate iframe",
  "GET no-cors empty",
  "GET no-cors image",
  "GET no-cors script",
  "GET navigate iframe",
];
/** Everything that listened at any moment of the start. */
const listened = new Map<string, ListeningSocket>();
let scheduler: number | undefined;

before(async () => {
  foreign = createServer((incoming, answer) => {
    const { origin, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = incoming.headers;
    if (incoming.url === "/canary")
      canary.add([incoming.method, mode, destination, origin === "null" && origin].filter(Boolean).join(" "));
    answer.setHeader("Content-Type", "text/html");
    for (const name of ["Origin", "Headers", "Methods"]) answer.setHeader(`Access-Control-Allow-${name}`, "*");
    answer.end("<!doctype html><title>A foreign page</title>");
  }).listen(0, "127.0.0.1");
  await once(foreign, "listening");
  await mkdir(join(root, ".cliscale"), { recursive: true });
  const stateDir = await mkdtemp(join(root, ".cliscale/test-"));
  [stack, browser] = await Promise.all([
    watchListening(stateDir, startTestStack({ stateDir })),
    // What keeps pages away must be the stack: not every browser has these, and some only ask the person.
    launchBrowser([
      "--host-resolver-rules=MAP evil.test 127.0.0.1",
      "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,PrivateNetworkAccessChecks",
    ]),
  ]);
  database = new Database({ connectionString: stack.databaseUrl });
  await database.connect();
  // From here on it is only us who fire scheduled functions.
  scheduler = (await processesOf(stack)).find(({ command }) => command.includes("local/src/scheduler/main.ts"))?.pid;
  process.kill(scheduler!, "SIGSTOP");
  const user = await signInDemo(stack);
  const { session } = await user.client.createSession({ bundle: { source: "template:shell" } });
  target = { stack, database, sessionId: session.id, idToken: user.idToken };
  attempts = await attemptsOn(target);
});

after(async () => {
  if (scheduler) process.kill(scheduler, "SIGCONT");
  foreign?.close();
  await browser?.close();
  await database?.end();
  await stack?.remove();
});

const foreignPort = () => (foreign.address() as AddressInfo).port;

test("everything that listens, during the start and after it, listens on loopback addresses", async () => {
  await noteListening(stack);
  const sockets = [...listened.values()];
  const ports = new Set(sockets.map(({ port }) => port));
  for (const port of [...Object.values(stack.ports), ...Object.values(await emulatorPorts(stack)), 7681]) {
    assert.ok(ports.has(port), `nothing listens on port ${port}`);
  }
  assert.deepEqual(
    sockets.filter(({ isLoopback }) => !isLoopback),
    [],
  );
});

for (const [what, host] of [
  ["on another port of this machine", "127.0.0.1"],
  ["of another name", "evil.test"],
] as const) {
  test(`a page ${what} changes nothing and reads nothing`, async () => {
    const page = await openPage(`http://${host}:${foreignPort()}/`);
    await assertPageSends(page, `http://127.0.0.1:${foreignPort()}/canary`, sentWays);
    await assertPowerless(page, attempts);
  });
}

test("a page whose name was made to resolve to this machine changes nothing and reads nothing", async () => {
  const byPort = Map.groupBy(attempts, ({ url }) => new URL(url).port);
  byPort.set(String(foreignPort()), []);
  for (const [port, onPort] of byPort) {
    const page = await browser.newPage();
    // The page as it came from the name's first address; what it asks for then goes to the second one.
    await page.route("**/evil.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    await page.goto(`http://evil.test:${port}/evil.html`);
    const renamed = onPort.map((attempt) => ({ ...attempt, url: attempt.url.replace("//127.0.0.1", "//evil.test") }));
    if (onPort.length === 0)
      await assertPageSends(page, `http://evil.test:${port}/canary`, ["GET", "POST", "POST null"]);
    await assertPowerless(page, renamed);
    await page.close();
  }
});

test("no page reads the gateway's metrics or what the Kubernetes stand-in holds, with its token", async () => {
  const page = await openPage(`http://127.0.0.1:${foreignPort()}/`);
  const metrics = `http://127.0.0.1:${stack.ports.gatewayAdmin}/metrics`;
  assert.equal((await fetch(metrics)).status, 200);
  // That something is there, a page may know.
  const read = await requestEveryWay(page, { method: "GET", url: metrics });
  assert.deepEqual(
    read.filter((answer) => answer !== "SCRIPT: it loads"),
    [],
  );

  const token = (await readFile(join(stack.stateDir, "kubernetes/functions.token"), "utf8")).trim();
  const url = `https://127.0.0.1:${stack.ports.kubernetes}/apis/batch/v1/namespaces/cliscale-runners/jobs`;
  const headers = { Authorization: `Bearer ${token}` };
  const outgoing = request(url, { headers, rejectUnauthorized: false }).end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.resume();
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(await requestEveryWay(page, { method: "GET", url, headers }), []);
});

test("a foreign page cannot read the emulators' log", async () => {
  const url = `ws://127.0.0.1:${(await emulatorPorts(stack)).logging}/`;
  const program = new WebSocket(url);
  await once(program, "message");
  program.close();
  for (const host of ["127.0.0.1", "evil.test"]) {
    const page = await openPage(`http://${host}:${foreignPort()}/`);
    assert.deepEqual(await webSocketInPage(page, url), { code: 1006, messages: 0 });
    assert.deepEqual(await webSocketInPage(page, url.replace("127.0.0.1", "evil.test")), { code: 1006, messages: 0 });
  }
});

test("a foreign page with a valid attach token is refused and does not spend it", async () => {
  const answer = await (await signInDemo(stack)).client.attachSession(target.sessionId);
  const { url, token } = answer.attach!;
  const protocols = [terminalProtocol, `${bearerProtocolPrefix}${token}`];
  for (const host of ["127.0.0.1", "evil.test"]) {
    const page = await openPage(`http://${host}:${foreignPort()}/`);
    for (const address of [url, url.replace("127.0.0.1", "evil.test")]) {
      assert.deepEqual(await webSocketInPage(page, address, protocols), { code: closeCodes.forbidden, messages: 0 });
    }
  }
  const socket = await attach(answer.attach!);
  socket.type("echo entered-$((1 + 1))\n");
  await socket.until(/entered-2/);
  socket.socket.close();
});

test("each of these requests, made by the stack's own page, does what it says", async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(stack.url);
  for (const { what, effect, programOnly, ...sent } of attempts) {
    const earlier = await effect?.();
    const status = programOnly ? (await fetch(sent.url, sent)).status : await requestByFetch(page, sent);
    // The answer of a scheduled function is for no page, but it is there.
    assert.ok(status === 200 || (status === 0 && effect), `${what}: ${status}`);
    // It may be in a log only after the answer.
    if (effect) await eventually(async () => assert.notDeepEqual(await effect(), earlier, what));
  }
});

/** Notes all that listens for the stack until it has started. */
async function watchListening(stateDir: string, starting: Promise<TestStack>): Promise<TestStack> {
  const ended = new AbortController();
  const started = starting.finally(() => ended.abort());
  // It is awaited below.
  started.catch(() => undefined);
  while (!ended.signal.aborted) {
    await noteListening({ stateDir });
    await delay(100);
  }
  return started;
}

async function noteListening(from: Pick<TestStack, "stateDir">): Promise<void> {
  for (const socket of await listeningSockets(from)) listened.set(`${socket.address}:${socket.port}`, socket);
}

async function openPage(url: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Fails where a page does not send what it tries, so that nothing would be refused. */
async function assertPageSends(page: Page, url: string, expected: string[]): Promise<void> {
  canary.clear();
  const read = await requestEveryWay(page, { method: "POST", url, headers: { Authorization: "Bearer x" } });
  assert.match(read.join("\n"), /^fetch: <!doctype/);
  assert.deepEqual([...canary].filter((entry) => !entry.startsWith("OPTIONS")).sort(), expected.toSorted());
}

/** Makes all attempts in every way; fails where one had an effect, or where the page could read an answer. */
async function assertPowerless(page: Page, all: Attempt[]): Promise<void> {
  const problems: string[] = [];
  const states = () => Promise.all(all.map(async ({ effect }) => JSON.stringify(await effect?.())));
  const earlier = await states();
  for (const { what, effect: _effect, programOnly: _only, ...sent } of all) {
    for (const answer of await requestEveryWay(page, sent)) problems.push(`${what}: the page reads ${answer}`);
  }
  // What a request brings about may be in a log only after its answer.
  await delay(1000);
  for (const [index, later] of (await states()).entries()) {
    if (later !== earlier[index]) problems.push(`${all[index]!.what}: from ${earlier[index]} to ${later}`);
  }
  assert.deepEqual(problems, []);
}
