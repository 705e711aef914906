// Callables over real HTTP, each answered by a script: one answer per call, the last of them for all further calls.
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedCall {
  name: string;
  data: Record<string, unknown>;
  authorization: string | undefined;
  accept: string | undefined;
}

/** Writes the answer to one call. */
export type Answer = (response: ServerResponse, call: ReceivedCall) => void;

export async function startCallables(scripts: Record<string, Answer[]>) {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    void receive(request).then((call) => {
      const script = scripts[call.name] ?? [];
      const answer = script.length > 1 ? script.shift() : script[0];
      calls.push(call);
      if (answer) answer(response, call);
      else response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    functionsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo/us-central1`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function receive(request: IncomingMessage): Promise<ReceivedCall> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return {
    name: request.url?.split("/").at(-1) ?? "",
    data: (JSON.parse(body) as { data: Record<string, unknown> }).data,
    authorization: request.headers.authorization,
    accept: request.headers.accept,
  };
}

export const result =
  (value: unknown): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ result: value }));
  };

export const error =
  (httpStatus: number, body: { message: string; status: string; details?: unknown }): Answer =>
  (response) => {
    response.writeHead(httpStatus, { "content-type": "application/json" }).end(JSON.stringify({ error: body }));
  };

/** A stream as firebase-functions sends it: without a content type. */
export const stream =
  (...events: unknown[]): Answer =>
  (response) => {
    for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end();
  };

/** The connection breaks before an answer. */
export const broken: Answer = (response) => {
  response.destroy();
};
