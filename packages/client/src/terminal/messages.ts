// What a terminal server says. A pod runs its user's code, so nothing that comes from it is taken on trust.
import { type Exit, type Position, decodeJson } from "@cliscale/protocol";
import { isObject } from "../calls/callError.ts";

/** The most columns and rows that are believed: more would only cost memory. */
const maximumSize = 1000;
const maximumTitleLength = 200;

/** A message that is not what its type says: a violation of the protocol. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

/** @throws MalformedMessage when the message is no position. */
export function decodePosition(message: Uint8Array): Position {
  const { epoch, offset, head, columns, rows, controller, sizes, snapshot } = decodeObject(message);
  if (typeof epoch !== "string" || !isCount(offset) || !isCount(head))
    throw new MalformedMessage("no position in the stream");
  if (!isSize(columns) || !isSize(rows)) throw new MalformedMessage("no size of a terminal");
  return {
    epoch,
    offset,
    head,
    columns,
    rows,
    controller: controller === true,
    ...(isCount(sizes) && { sizes }),
    ...(snapshot === true && { snapshot }),
  };
}

/** @throws MalformedMessage when the message is no exit. */
export function decodeExit(message: Uint8Array): Exit {
  const { exitCode, signal } = decodeObject(message);
  if (!isCount(exitCode)) throw new MalformedMessage("no exit code");
  return typeof signal === "string" ? { exitCode, signal } : { exitCode };
}

export function decodeText(message: Uint8Array): string {
  return new TextDecoder().decode(message.subarray(1));
}

/** A title that a program has chosen, as plain text of a bounded length: without controls, and nothing that turns text around. */
export function plainTitle(title: string): string {
  return title.replaceAll(/\p{C}/gu, "").slice(0, maximumTitleLength);
}

function decodeObject(message: Uint8Array): Record<string, unknown> {
  const value = parsed(message);
  if (!isObject(value)) throw new MalformedMessage("no JSON object");
  return value;
}

function parsed(message: Uint8Array): unknown {
  try {
    return decodeJson(message);
  } catch (error) {
    throw new MalformedMessage("no JSON", { cause: error });
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSize(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= maximumSize;
}
