import { clientMessage, decodeJson } from "@cliscale/protocol";
import * as z from "zod";

/** The longest message of a client, in bytes with its type; a longer paste comes in several. */
export const clientMessageBytes = 64 * 1024 + 1;
/** The longest nonce of a ping, in bytes. */
const nonceBytes = 64;

// No screen is larger, and a program may reserve memory for each cell.
const cells = z.int().min(1).max(1000);
const sizeSchema = z.object({ columns: cells, rows: cells });
const helloSchema = sizeSchema.extend({
  resume: z
    .object({ epoch: z.string().max(64), offset: z.int().min(0), sizes: z.int().min(0).exactOptional() })
    .exactOptional(),
});

export type ClientMessage =
  | { type: "hello"; hello: z.infer<typeof helloSchema> }
  | { type: "input"; input: Buffer }
  | { type: "resize"; size: z.infer<typeof sizeSchema> }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "ping"; nonce: Buffer };

/** A client has sent something that is no message of the protocol. */
export class ProtocolViolation extends Error {
  override name = "ProtocolViolation";
}

/**
 * Reads a client's message.
 * @throws ProtocolViolation when its type is unknown or its content malformed.
 */
export function parseClientMessage(message: Buffer): ClientMessage {
  if (message.length > clientMessageBytes) throw new ProtocolViolation("message too long");
  const payload = message.subarray(1);
  switch (message[0] ?? 0) {
    case clientMessage.hello:
      return { type: "hello", hello: parse(helloSchema, () => JSON.parse(message.toString())) };
    case clientMessage.input:
      return { type: "input", input: payload };
    case clientMessage.resize:
      return { type: "resize", size: parse(sizeSchema, () => decodeJson(message)) };
    case clientMessage.pause:
      return { type: "pause" };
    case clientMessage.resume:
      return { type: "resume" };
    case clientMessage.ping:
      if (payload.length > nonceBytes) throw new ProtocolViolation("nonce too long");
      return { type: "ping", nonce: payload };
    default:
      throw new ProtocolViolation("unknown message type");
  }
}

function parse<Value>(schema: z.ZodType<Value>, decode: () => unknown): Value {
  try {
    return schema.parse(decode());
  } catch (error) {
    throw new ProtocolViolation("malformed message", { cause: error });
  }
}
