// Firebase's protocol for callables, streaming included:
// https://firebase.google.com/docs/functions/callable-reference
import { CallError, errorOfAnswer, errorOfStatus, isObject } from "./callError.ts";
import { readEvents } from "./eventStream.ts";
import { type Silence, untilAborted, watchForSilence } from "./silence.ts";

export interface Callables {
  /** Address of the functions, to which `/NAME` is added. */
  functionsUrl: string;
  /** A current Firebase ID token, or a new one where the last was refused; may throw a CallError to say why there is none. */
  idToken: (isRefused: boolean) => Promise<string>;
  /** A current App Check token; undefined for none. */
  appCheckToken?: (() => Promise<string | undefined>) | undefined;
  fetch: typeof fetch;
}

interface Tokens {
  id: string;
  appCheck: string | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Asks for a stream, and is given each of its chunks. */
  onChunk?: ((chunk: unknown) => void) | undefined;
  /** Without an answer, or in a stream without a byte, for so long, the call fails with `unavailable`. */
  silenceMilliseconds: number;
}

/**
 * Calls a callable and returns its result.
 * @throws CallError when it refuses or cannot be reached; the signal's reason when the signal aborts.
 */
export async function call(callables: Callables, name: string, data: unknown, options: CallOptions): Promise<unknown> {
  const silence = watchForSilence(options.silenceMilliseconds);
  const signals = options.signal ? [options.signal, silence.signal] : [silence.signal];
  const signal = AbortSignal.any(signals);
  try {
    return await withTokens(callables, signal, async (tokens) => {
      const response = await post(callables, name, data, tokens, { signal, streaming: options.onChunk !== undefined });
      return readAnswer(response, silence, options.onChunk);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof CallError ? error : unreachable(name, silence, error);
  } finally {
    silence.end();
  }
}

/** Where a clock is wrong, a token passes for current that has expired: what is refused is tried once more with a new one. */
async function withTokens<T>(
  callables: Callables,
  signal: AbortSignal,
  ask: (tokens: Tokens) => Promise<T>,
): Promise<T> {
  const tokens = await currentTokens(callables, false, signal);
  try {
    return await ask(tokens);
  } catch (error) {
    if (!(error instanceof CallError && error.code === "unauthenticated")) throw error;
    const renewed = await currentTokens(callables, true, signal);
    if (renewed.id === tokens.id) throw error;
    return ask(renewed);
  }
}

async function currentTokens(
  { idToken, appCheckToken }: Callables,
  isRefused: boolean,
  signal: AbortSignal,
): Promise<Tokens> {
  return untilAborted(
    Promise.all([idToken(isRefused), appCheckToken?.()]).then(
      ([id, appCheck]) => ({ id, appCheck }),
      (error: unknown) => {
        if (error instanceof CallError) throw error;
        throw new CallError("unavailable", "Your sign-in could not be confirmed. Try again.", {}, { cause: error });
      },
    ),
    signal,
  );
}

function post(
  { fetch: send, functionsUrl }: Callables,
  name: string,
  data: unknown,
  { id, appCheck }: Tokens,
  { signal, streaming }: { signal: AbortSignal; streaming: boolean },
): Promise<Response> {
  return send(`${functionsUrl}/${name}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${id}`,
      ...(appCheck !== undefined && { "X-Firebase-AppCheck": appCheck }),
      "Content-Type": "application/json",
      Accept: streaming ? "text/event-stream" : "application/json",
    },
    body: JSON.stringify({ data }),
    signal,
  });
}

async function readAnswer(response: Response, silence: Silence, onChunk: CallOptions["onChunk"]): Promise<unknown> {
  // The content type of a stream is not set by firebase-functions, so only JSON can be told by it.
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  if (isJson) return resultOf(await response.json());
  if (!onChunk || !response.ok || !response.body) throw errorOfStatus(response.status);
  for await (const event of readEvents(response.body, () => silence.heard())) {
    const data: unknown = JSON.parse(event);
    if (!isObject(data) || !("message" in data)) return resultOf(data);
    onChunk(data["message"]);
  }
  throw new CallError("unavailable", "The answer broke off. Try again.");
}

function resultOf(answer: unknown): unknown {
  if (isObject(answer) && "result" in answer) return answer["result"];
  throw errorOfAnswer(isObject(answer) ? answer["error"] : undefined);
}

function unreachable(name: string, silence: Silence, cause: unknown): CallError {
  const message = silence.signal.aborted
    ? `${name} did not answer within ${silence.milliseconds / 1000} seconds. Try again.`
    : "The service cannot be reached. Check the network and try again.";
  return new CallError("unavailable", message, {}, { cause });
}
