import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions as HttpsOptions } from "node:https";
import { createInterface } from "node:readline";
import type { KubeConfig } from "@kubernetes/client-node";

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Another bearer token than the kubeconfig's; null sends none. */
  token?: string | null;
}

export interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the server answers
  body: any;
}

/** An answer that takes longer than this is none, in milliseconds. */
const answerMilliseconds = 15_000;

export async function sendRequest(
  kubeConfig: KubeConfig,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const signal = AbortSignal.timeout(answerMilliseconds);
  const response = await open(kubeConfig, method, path, options, signal);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  // What answers a watch is a sequence of objects.
  const isWatch = response.statusCode === 200 && path.includes("watch=true");
  const isJson = response.headers["content-type"]?.startsWith("application/json") && !isWatch;
  return {
    status: response.statusCode!,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the server answers
  object: any;
}

/** The events of a watch, until the server ends it or the signal is aborted. */
export async function* watchEvents(
  kubeConfig: KubeConfig,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const response = await open(kubeConfig, "GET", path, {}, signal);
  try {
    for await (const line of createInterface({ input: response })) yield JSON.parse(line) as WatchEvent;
  } catch (error) {
    // A watch that is cut off ends, as one does that the server ends.
    if (!response.errored) throw error;
  } finally {
    response.destroy();
  }
}

async function open(
  kubeConfig: KubeConfig,
  method: string,
  path: string,
  { body, headers, token }: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(path, kubeConfig.getCurrentCluster()!.server);
  const https: HttpsOptions = {};
  await kubeConfig.applyToHTTPSOptions(https);
  const allHeaders: Record<string, string> = {
    Accept: "application/json",
    ...(https.headers as Record<string, string>),
  };
  const content = body === undefined ? "" : JSON.stringify(body);
  // Node gives no length to the body of a DELETE by itself.
  if (content !== "")
    Object.assign(allHeaders, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(content) });
  Object.assign(allHeaders, headers);
  if (token === null) delete allHeaders["Authorization"];
  else if (token !== undefined) allHeaders["Authorization"] = `Bearer ${token}`;
  const sent = httpsRequest(url, { ...https, method, headers: allHeaders, signal, agent: false });
  sent.end(content);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}
