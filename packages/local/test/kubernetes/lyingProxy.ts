import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { writeKubeconfig } from "../../src/kubernetes/credentials/kubeconfig.ts";
import type { Kubernetes } from "../../src/kubernetes/server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- lies take messages apart that have no type of their own here
export type Message = any;

export interface LyingRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Message;
}

export interface LyingAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Message;
}

/** What a liar does to what passes between a client and the API. What it leaves out is passed on as it is. */
export interface Distortion {
  /** Changes a request. */
  request?: (request: LyingRequest, standIn: Kubernetes) => void;
  /** Changes an answer, which is no watch. */
  answer?: (answer: LyingAnswer, request: LyingRequest) => void;
  /** The event to tell instead of the one that came, or none. */
  event?: (event: Message, request: LyingRequest) => Message;
}

/** Puts a liar between the stand-in and its clients. Returns the path of a kubeconfig for it. */
export async function startLyingProxy(
  standIn: Kubernetes,
  distortion: Distortion,
): Promise<{ kubeconfigPath: string; close: () => Promise<void> }> {
  const stateDirectory = dirname(standIn.kubeconfigPath);
  const server = createServer(
    {
      cert: await readFile(join(stateDirectory, "kubernetes/server.crt")),
      key: await readFile(join(stateDirectory, "kubernetes/server.key")),
    },
    (request, response) => {
      pass(standIn, distortion, request, response).catch(() => response.destroy());
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const kubeconfigPath = join(stateDirectory, "lying-kubeconfig");
  await writeKubeconfig(kubeconfigPath, {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: standIn.ca,
    user: "admin",
    token: standIn.tokens.admin,
    namespace: "default",
  });
  return {
    kubeconfigPath,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function pass(
  standIn: Kubernetes,
  distortion: Distortion,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const text = await readText(incoming);
  const request: LyingRequest = {
    method: incoming.method!,
    url: new URL(incoming.url!, standIn.url),
    headers: { ...incoming.headers },
    body: text === "" ? undefined : JSON.parse(text),
  };
  distortion.request?.(request, standIn);
  const answer = await forward(standIn, request, outgoing);
  if (request.url.searchParams.has("watch")) return passEvents(distortion, request, answer, outgoing);
  await passAnswer(distortion, request, answer, outgoing);
}

function forward(standIn: Kubernetes, request: LyingRequest, outgoing: ServerResponse): Promise<IncomingMessage> {
  const body = request.body === undefined ? "" : JSON.stringify(request.body);
  const headers = { ...request.headers, "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(request.url, { method: request.method, headers, ca: standIn.ca, agent: false }, resolve);
    sent.on("error", reject);
    outgoing.once("close", () => sent.destroy());
    sent.end(body);
  });
}

async function passAnswer(
  distortion: Distortion,
  request: LyingRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { statusCode, headers } = incoming;
  const text = await readText(incoming);
  const isJson = headers["content-type"]?.startsWith("application/json") ?? false;
  const answer: LyingAnswer = { status: statusCode!, headers: { ...headers }, body: isJson ? JSON.parse(text) : text };
  distortion.answer?.(answer, request);
  delete answer.headers["content-length"];
  delete answer.headers["transfer-encoding"];
  outgoing.writeHead(answer.status, answer.headers);
  outgoing.end(isJson ? JSON.stringify(answer.body) : answer.body);
}

async function passEvents(
  distortion: Distortion,
  request: LyingRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.writeHead(incoming.statusCode!, { "content-type": "application/json" });
  outgoing.flushHeaders();
  incoming.on("error", () => outgoing.destroy());
  for await (const line of createInterface({ input: incoming })) {
    const event = JSON.parse(line);
    const told = distortion.event ? distortion.event(event, request) : event;
    if (told) outgoing.write(`${JSON.stringify(told)}\n`);
  }
  outgoing.end();
}

async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
