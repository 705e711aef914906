import type { ServerResponse } from "node:http";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { LogLine } from "../kubelet/containerLog.ts";
import type { Pod } from "../resources/pod.ts";
import { isTrue } from "./requestInfo.ts";
import { badRequest } from "./statusError.ts";

/**
 * Answers `GET …/pods/NAME/log`: what the container has written, and with `follow` what it writes, as text.
 * @throws StatusError 400 when there is no such container, or it has not been started.
 */
export async function answerLog(
  kubelet: Kubelet,
  pod: Pod,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const { name } = pod.metadata;
  const container = query.get("container") || pod.spec.containers[0]!.name;
  const status = pod.status.containerStatuses?.find((each) => each.name === container);
  if (!pod.spec.containers.some((each) => each.name === container)) {
    throw badRequest(`container ${container} is not valid for pod ${name}`);
  }
  const previous = isTrue(query.get("previous"));
  // Between two runs the log is that of the run before.
  const log = kubelet.logOf(pod.metadata.uid, previous);
  if (previous && !log) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  if (!log || !status) {
    const reason = status?.state.waiting?.reason ?? "ContainerCreating";
    throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${reason}`);
  }

  const tailLines = numberOf(query, "tailLines");
  const since = sinceOf(query);
  const format = isTrue(query.get("timestamps"))
    ? (line: LogLine) => `${line.at} ${line.text}\n`
    : (line: LogLine) => `${line.text}\n`;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.flushHeaders();

  let left = numberOf(query, "limitBytes") ?? Number.POSITIVE_INFINITY;
  const write = async (line: LogLine) => {
    const text = Buffer.from(format(line)).subarray(0, left);
    left -= text.length;
    if (!response.write(text)) await drained(response);
  };
  const skip = tailLines === undefined ? 0 : (await countLines(log.read(false, gone.signal))) - tailLines;
  let index = 0;
  for await (const line of log.read(isTrue(query.get("follow")), gone.signal)) {
    if (index++ < skip || Date.parse(line.at) < since) continue;
    await write(line);
    if (left <= 0 || response.destroyed) break;
  }
  response.end();
}

async function countLines(lines: AsyncIterable<LogLine>): Promise<number> {
  let count = 0;
  for await (const line of lines) count += line ? 1 : 0;
  return count;
}

/** Resolves when more may be written, or when nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a number`);
  return Number(text);
}

function sinceOf(query: URLSearchParams): number {
  const seconds = numberOf(query, "sinceSeconds");
  if (seconds !== undefined) return Date.now() - seconds * 1000;
  const time = query.get("sinceTime");
  return time === null ? 0 : Date.parse(time);
}
