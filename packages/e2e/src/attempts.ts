import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client as Database } from "pg";
import type { PageRequest } from "./foreignPage.ts";
import type { TestStack } from "./stack.ts";

/** Something that no page but the stack's own may bring about. */
export interface Attempt extends PageRequest {
  what: string;
  /** What the request changes when it is let through; without it, reading the answer is what the page is after. */
  effect?: () => Promise<unknown>;
  /** Whether the server itself has it in for pages, so that only a program shows that the request is right. */
  programOnly?: true;
}

export interface Target {
  stack: TestStack;
  database: Database;
  sessionId: string;
  idToken: string;
}

type EmulatorPorts = Record<"hub" | "logging" | "eventarc" | "tasks", number>;

/** Ports of the emulators that nothing of ours uses. */
export async function emulatorPorts({ stateDir }: TestStack): Promise<EmulatorPorts> {
  const config = JSON.parse(await readFile(join(stateDir, "firebase/project/firebase.json"), "utf8")) as {
    emulators: Record<keyof EmulatorPorts, { port: number }>;
  };
  const { hub, logging, eventarc, tasks } = config.emulators;
  return { hub: hub.port, logging: logging.port, eventarc: eventarc.port, tasks: tasks.port };
}

/** All attempts, with whatever their caller could need; those that end what the others need come last. */
export async function attemptsOn(target: Target): Promise<Attempt[]> {
  const ports = await emulatorPorts(target.stack);
  return [...onFunctions(target), ...onEmulators(target.stack, ports), ...onSession(target), ...onUsers(target.stack)];
}

function onFunctions(target: Target): Attempt[] {
  const { stack, database, sessionId } = target;
  const rows = (query: string) => async () => (await database.query(query)).rows;
  const scheduled = (name: string): Attempt => ({
    what: `fire ${name}`,
    method: "POST",
    url: `${stack.functionsUrl}/${name}-0`,
    body: "{}",
    effect: executions(stack, name),
  });
  return [
    call(target, "createSession", { bundle: { source: "template:shell" } }, rows("select count(*) from sessions")),
    call(target, "attachSession", { sessionId }, rows("select jti from token_jti order by jti")),
    call(target, "getSession", { sessionId }, executions(stack, "getSession")),
    scheduled("sweepSessions"),
    scheduled("rotateSigningKey"),
    { what: "list the functions", method: "GET", url: `http://127.0.0.1:${stack.ports.functions}/backends` },
    { what: "read the page's settings", method: "GET", url: `${stack.url}/config.json` },
  ];
}

function onEmulators(stack: TestStack, ports: EmulatorPorts): Attempt[] {
  const json = { "Content-Type": "application/json" };
  const hub = `http://127.0.0.1:${ports.hub}`;
  const tasks = `http://127.0.0.1:${ports.tasks}`;
  const eventarc = `http://127.0.0.1:${ports.eventarc}`;
  const eventTrigger = { eventType: "any", channel: "any" };
  return [
    { what: "read the hub", method: "GET", url: `${hub}/emulators` },
    {
      what: "export the emulators' data",
      method: "POST",
      url: `${hub}/_admin/export`,
      headers: json,
      body: JSON.stringify({ path: join(stack.stateDir, "stolen"), initiatedBy: "page" }),
      effect: logged(stack, /Received export request/g),
      // The hub says 403 to a page, and exports all the same.
      programOnly: true,
    },
    {
      what: "disable background functions",
      method: "PUT",
      url: `${hub}/functions/disableBackgroundTriggers`,
      effect: logged(stack, /Disabling Cloud Functions triggers/g),
    },
    {
      what: "create a task queue",
      method: "POST",
      url: `${tasks}/projects/demo-cliscale/locations/us-central1/queues/evil`,
      headers: json,
      body: JSON.stringify({ retry: true }),
      effect: logged(stack, /Created queue with key/g),
      // Its answer to the preflight lets no page through, whichever it is.
      programOnly: true,
    },
    { what: "read the task queues", method: "GET", url: `${tasks}/queueStats` },
    {
      what: "register an event trigger",
      method: "POST",
      url: `${eventarc}/emulator/v1/projects/demo-cliscale/triggers/evil`,
      body: JSON.stringify({ eventTrigger }),
      effect: text(`${eventarc}/google/getTriggers`),
    },
  ];
}

function onUsers({ authUrl }: TestStack): Attempt[] {
  const json = { "Content-Type": "application/json" };
  const admin = `${authUrl}/emulator/v1/projects/demo-cliscale`;
  const users = text(`${authUrl}/identitytoolkit.googleapis.com/v1/projects/demo-cliscale/accounts:query`, {
    method: "POST",
    headers: { ...json, Authorization: "Bearer owner" },
    body: "{}",
  });
  return [
    {
      what: "sign up",
      method: "POST",
      url: `${authUrl}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=demo`,
      headers: json,
      body: JSON.stringify({ email: "evil@example.com", password: "password", returnSecureToken: true }),
      effect: users,
    },
    {
      what: "change the Auth emulator's settings",
      method: "PATCH",
      url: `${admin}/config`,
      headers: json,
      body: JSON.stringify({ signIn: { allowDuplicateEmails: true } }),
      effect: text(`${admin}/config`),
    },
    { what: "read the Auth emulator's codes", method: "GET", url: `${admin}/oobCodes` },
    { what: "delete all users", method: "DELETE", url: `${admin}/accounts`, effect: users },
  ];
}

function onSession(target: Target): Attempt[] {
  const { database, sessionId } = target;
  const state = () => database.query("select state from sessions where id = $1", [sessionId]).then(({ rows }) => rows);
  return [call(target, "stopSession", { sessionId }, state)];
}

/** A callable, with a valid ID token: what keeps a page out must not be the want of one. */
function call({ stack, idToken }: Target, name: string, data: object, state: () => Promise<unknown>): Attempt {
  const begun = executions(stack, name);
  return {
    what: name,
    method: "POST",
    url: `${stack.functionsUrl}/${name}`,
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${idToken}` },
    body: JSON.stringify({ data }),
    effect: async () => ({ begun: await begun(), state: await state() }),
  };
}

/** How often the Functions emulator has run a function. */
function executions(stack: TestStack, name: string) {
  return logged(stack, new RegExp(`Beginning execution of "us-central1-${name}(-0)?"`, "g"));
}

function logged({ stateDir }: TestStack, pattern: RegExp) {
  return async () => (await readFile(join(stateDir, "logs/firebase.log"), "utf8")).match(pattern)?.length ?? 0;
}

function text(url: string, init?: RequestInit) {
  return async () => (await fetch(url, init)).text();
}
