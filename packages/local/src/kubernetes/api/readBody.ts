import type { IncomingMessage } from "node:http";
import { badRequest, StatusError, unsupportedMediaType } from "./statusError.ts";

/** The API server's own limit of a request, in bytes. */
const maximumBytes = 3 * 1024 * 1024;

/**
 * The JSON body of a request, or undefined when it is empty.
 * @throws StatusError 400 for broken JSON, 413 when it is too large, 415 for any other media type.
 */
export async function readJsonBody(
  request: IncomingMessage,
  accepted: readonly string[] = ["application/json"],
): Promise<unknown> {
  const text = (await readBytes(request)).toString("utf8");
  if (text === "") return undefined;
  const mediaType = mediaTypeOf(request);
  // A client that names no type means JSON.
  if (mediaType !== "" && !accepted.includes(mediaType)) throw unsupportedMediaType(accepted.join(", "));
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("the body of the request is not valid JSON");
  }
}

export const mediaTypeOf = (request: IncomingMessage) =>
  (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) {
      throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${maximumBytes}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
