import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { decodeProtobuf, protobufType } from "./protobuf.ts";
import { badRequest, StatusError, unsupportedMediaType } from "./statusError.ts";

/** The API server's own limit of a request, in bytes. */
const maximumBytes = 3 * 1024 * 1024;

/** The media types of an object. */
const objectTypes = ["application/json", protobufType];

/**
 * The object, or what stands for one, in the body of a request; undefined when it is empty.
 * @throws StatusError 400 for a body that is broken, 413 when it is too large, 415 for a media type that is not accepted.
 */
export async function readBody(request: IncomingMessage, accepted: readonly string[] = objectTypes): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return undefined;
  const mediaType = mediaTypeOf(request);
  // A client that names no type means JSON.
  if (mediaType !== "" && !accepted.includes(mediaType)) throw unsupportedMediaType(accepted.join(", "));
  if (mediaType === protobufType) return decodeProtobuf(bytes);
  return parseText(bytes.toString("utf8"), mediaType.endsWith("+yaml") ? "YAML" : "JSON");
}

function parseText(text: string, language: "JSON" | "YAML"): unknown {
  try {
    // JSON is YAML too, and is read faster and more strictly where it is JSON.
    if (language === "JSON" || text.trimStart().startsWith("{")) return JSON.parse(text);
    return parseYaml(text);
  } catch {
    throw badRequest(`the body of the request is not valid ${language}`);
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
