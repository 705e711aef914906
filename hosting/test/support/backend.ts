// What the page talks to, in one process: accounts, callables and terminals.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CreateSessionInput,
  type ListSessionsInput,
  type Session,
  type SessionList,
  type StageEvent,
  stages,
} from "@cliscale/protocol";
import { callerOf, createAccounts, isVerified } from "./accounts.ts";
import { type ShellTerminal, startTerminal } from "./terminals.ts";

export interface Run {
  session: Session;
  owner: string;
  /** As createSession was given it. */
  input: CreateSessionInput;
  terminal: ShellTerminal | undefined;
  stages: StageEvent[];
}

/** How long each stage of a start takes. */
const stageMilliseconds = 60;

/** Sources whose sessions do something else than to run their command. */
export const sources = {
  refused: "npm:refused@1.0.0",
  failing: "npm:failing@1.0.0",
  /** Its further stages are a test's to tell. */
  queued: "npm:queued@1.0.0",
  stuck: "npm:stuck@1.0.0",
};

export async function startBackend() {
  const accounts = createAccounts();
  const runs: Run[] = [];
  const calls: { name: string; headers: IncomingHttpHeaders }[] = [];
  let upgrades = 0;
  const server = createServer((request, response) => void handle(request, response));
  server.on("upgrade", (request, socket, head) => {
    upgrades++;
    const token = request.headers["sec-websocket-protocol"]?.split(/, *bearer\./)[1];
    const run = runs.find(({ session }) => session.state === "ready" && token?.startsWith(session.id));
    if (run?.terminal) {
      touch(run.session);
      run.terminal.attach(request, socket, head);
    } else socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(request: IncomingMessage, response: ServerResponse) {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*, authorization");
    if (request.method === "OPTIONS") return response.end();
    const body = await readBody(request);
    const path = request.url ?? "";
    if (accounts.handle(path, body, response)) return;
    const caller = callerOf(request);
    calls.push({ name: path.split("/").at(-1)!, headers: request.headers });
    const data = body["data"] as Record<string, unknown>;
    if (caller === undefined) return refuse(response, 401, "UNAUTHENTICATED", "Sign in first.");
    if (path.endsWith("/createSession") && isRefused(caller, request, response)) return;
    if (path.endsWith("/createSession")) return create(request, data as unknown as CreateSessionInput, response);
    if (path.endsWith("/listSessions")) return finish(response, list(caller, data));
    const run = runs.find(({ session, owner }) => session.id === data["sessionId"] && owner === caller);
    if (!run) return refuse(response, 404, "NOT_FOUND", "There is no such session.");
    if (path.endsWith("/stopSession")) stop(run);
    if (path.endsWith("/extendSession")) extend(run.session, Number(data["lifetimeSeconds"]));
    if (!path.endsWith("/attachSession")) return finish(response, { session: run.session });
    if (run.session.state === "ended") return refuse(response, 400, "FAILED_PRECONDITION", "The session has ended.");
    await follow(run, request, response);
  }

  /** Who may start is told by the address: strangers never, others once theirs is verified. */
  function isRefused(caller: string, request: IncomingMessage, response: ServerResponse): boolean {
    const email = accounts.find(caller)?.email ?? "";
    if (email.startsWith("stranger")) {
      refuse(
        response,
        403,
        "PERMISSION_DENIED",
        "You may not start sessions here. Ask the operator to allow your address.",
      );
      return true;
    }
    if (!email.startsWith("unverified") || isVerified(request)) return false;
    refuse(response, 403, "PERMISSION_DENIED", "Verify your address, then sign in again.", { verifyEmail: true });
    return true;
  }

  function list(caller: string, { state, pageSize = 20, pageToken = "0" }: ListSessionsInput): SessionList {
    const own = runs.filter(({ owner, session }) => owner === caller && (!state || session.state === state));
    const from = Number(pageToken);
    const sessions = own.map(({ session }) => session).toReversed();
    const nextPageToken = from + pageSize < sessions.length ? { nextPageToken: String(from + pageSize) } : {};
    return { sessions: sessions.slice(from, from + pageSize), ...nextPageToken };
  }

  async function create(request: IncomingMessage, input: CreateSessionInput, response: ServerResponse) {
    if (input.bundle.source === sources.refused) {
      const violations = [
        { field: "bundle.source", message: "must name a package that exists" },
        { field: "command", message: "must not be empty" },
      ];
      return refuse(response, 400, "INVALID_ARGUMENT", "Some fields are not valid.", { violations });
    }
    let run = runs.find((other) => other.input.requestId === input.requestId);
    if (!run) {
      const owner = callerOf(request)!;
      run = { session: newSession(input), owner, input, terminal: undefined, stages: [] };
      runs.push(run);
      void start(run, input);
    }
    await follow(run, request, response);
  }

  async function start(run: Run, { bundle, command }: CreateSessionInput) {
    const last =
      { [sources.queued]: "queued", [sources.stuck]: "pulling", [sources.failing]: "pulling" }[bundle.source] ??
      "ready";
    for (const stage of stages) {
      run.stages.push({ stage, at: new Date().toISOString(), sessionId: run.session.id });
      if (stage === last) break;
      await sleep(stageMilliseconds);
    }
    if (bundle.source === sources.failing) end(run, { endReason: "failed", message: "There is no such package." });
    if (last !== "ready" || run.session.state === "ended") return;
    run.terminal = startTerminal(command, (exitCode) => end(run, { endReason: "exited", exitCode }));
    Object.assign(run.session, { state: "ready", readyAt: new Date().toISOString() });
    touch(run.session);
  }

  /** Answers when the session can be attached or has ended, and streams its stages until then to who asks for it. */
  async function follow(run: Run, request: IncomingMessage, response: ServerResponse) {
    const isStream = request.headers.accept === "text/event-stream";
    const send = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
    for (let sent = 0; ; await sleep(10)) {
      const news = isStream ? run.stages.slice(sent) : [];
      for (const stage of news) send({ message: stage });
      sent += news.length;
      if (run.session.state === "ready" || run.session.state === "ended" || response.closed) break;
    }
    const attach = { url: `ws://${address}/ws/${run.session.id}`, token: run.session.id + randomUUID(), expiresAt: "" };
    const result = run.session.state === "ended" ? { session: run.session } : { session: run.session, attach };
    if (!isStream) return finish(response, result);
    send({ result });
    response.end();
  }

  function stop(run: Run) {
    end(run, { endReason: "stopped" });
    run.terminal?.stop();
  }

  return {
    address,
    runs,
    accounts,
    /** The calls of callables that came, with their headers. */
    calls,
    /** How many WebSockets were asked for. */
    get upgrades() {
      return upgrades;
    },
    async [Symbol.asyncDispose]() {
      for (const run of runs) stop(run);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function newSession({ bundle, command }: CreateSessionInput): Session {
  const now = Date.now();
  return {
    id: randomUUID(),
    state: "starting",
    bundle,
    ...(command === undefined ? {} : { command }),
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 3_600_000).toISOString(),
    idleSeconds: 1800,
  };
}

function end({ session }: Run, how: Partial<Session>) {
  if (session.state === "ended") return;
  delete session.idleAt;
  delete session.position;
  Object.assign(session, how, { state: "ended", endedAt: new Date().toISOString() });
}

function touch(session: Session) {
  session.idleAt = new Date(Date.now() + session.idleSeconds * 1000).toISOString();
}

function extend(session: Session, lifetimeSeconds: number) {
  session.expiresAt = new Date(Date.now() + lifetimeSeconds * 1000).toISOString();
}

/** JSON or, of the endpoint for fresh ID tokens, a form. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function finish(response: ServerResponse, result: unknown) {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ result }));
}

function refuse(response: ServerResponse, httpStatus: number, status: string, message: string, details?: object) {
  const body = JSON.stringify({ error: { status, message, details } });
  response.writeHead(httpStatus, { "content-type": "application/json" }).end(body);
}
