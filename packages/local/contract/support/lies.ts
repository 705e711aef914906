import assert from "node:assert/strict";
import type { ContractCase } from "./contract.ts";
import type { Handlers } from "../../src/grpc/server.ts";

/** A way in which a stand-in could be wrong, and the name of the case that must notice. */
export interface Lie {
  name: string;
  breaks: string;
  /** The handlers that lie, made of those that do not. */
  tell: (honest: Handlers) => Handlers;
}

// oxlint-disable-next-line typescript/no-explicit-any -- lies take messages apart that have no type of their own here
export type Message = any;

/** A lie about the answers of one method. */
export function answers(
  method: string,
  lie: (answer: Message, request: Message, honest: Handlers) => unknown,
): Lie["tell"] {
  return (honest) => ({
    [method]: async (request) => (await lie(await honest[method]!(request), request, honest)) as object,
  });
}

/** A lie about what one method was asked. */
export function asks(method: string, lie: (request: Message) => unknown): Lie["tell"] {
  return (honest) => ({ [method]: (request) => honest[method]!(lie(request)) });
}

export function without(message: object, ...fields: string[]): object {
  return Object.fromEntries(Object.entries(message).filter(([field]) => !fields.includes(field)));
}

/** Checks that the case which a lie breaks does break, by an assertion and not by accident. */
export async function assertCaught<Subject>(
  cases: ContractCase<Subject>[],
  { breaks }: Pick<Lie, "breaks">,
  subject: Subject,
): Promise<void> {
  const broken = cases.find(({ name }) => name === breaks);
  assert.ok(broken, `no case is named: ${breaks}`);
  await assert.rejects(broken.check(subject), (error: Error) => {
    assert.ok(error instanceof assert.AssertionError, `not an assertion failed but ${error.stack}`);
    return true;
  });
}
