import {
  attachSchema,
  attachTokenClaims,
  bundleSchema,
  type CallableName,
  callables,
  clientMessage,
  clientMessageMeanings,
  closeCodeMeanings,
  closeCodes,
  commonErrorCodes,
  type ErrorCode,
  errorDetailsSchema,
  errorMeanings,
  exitSchema,
  helloSchema,
  httpFunctions,
  positionSchema,
  serverMessage,
  serverMessageMeanings,
  sessionSchema,
  stageEventSchema,
  stageMeanings,
} from "../src/index.ts";
import { fieldTable } from "./fieldTable.ts";

/** Every generated part of the API reference, as Markdown, by the name that its place in the page bears. */
export function blocks(): Record<string, string> {
  return {
    callables: table(
      ["callable", "does", "streams"],
      entries(callables).map(([name, { description, ...rest }]) => [
        `[\`${name}\`](#${name.toLowerCase()})`,
        description,
        "chunk" in rest ? "yes" : "",
      ]),
    ),
    ...Object.fromEntries(entries(callables).map(([name]) => [name, callableBlock(name)])),
    Session: fieldTable(sessionSchema),
    Bundle: fieldTable(bundleSchema),
    Attach: fieldTable(attachSchema),
    StageEvent: fieldTable(stageEventSchema),
    stages: table(["stage", "meaning"], meanings(stageMeanings)),
    errors: table(
      ["code", "HTTP", "meaning", "from"],
      entries(errorMeanings).map(([code, meaning]) => [
        `\`${code}\``,
        String(httpStatuses[code]),
        meaning,
        callablesWith(code),
      ]),
    ),
    details: fieldTable(errorDetailsSchema),
    hello: fieldTable(helloSchema),
    "client messages": messages(clientMessage, clientMessageMeanings),
    "server messages": messages(serverMessage, serverMessageMeanings),
    position: fieldTable(positionSchema),
    exit: fieldTable(exitSchema),
    "close codes": table(
      ["code", "before the terminal is attached", "after"],
      entries(closeCodes).map(([name, code]) => [
        `\`${code}\``,
        closeCodeMeanings[name].before ?? "",
        closeCodeMeanings[name].after ?? "",
      ]),
    ),
    claims: fieldTable(attachTokenClaims),
    ...Object.fromEntries(
      entries(httpFunctions).map(([name, { method, path, description, output }]) => [
        name,
        `\`${method} ${path}\`: ${description}\n\n${fieldTable(output)}`,
      ]),
    ),
  };
}

function callableBlock(name: CallableName): string {
  const { description, input, output, checksRevocation, errors, ...rest } = callables[name];
  const own = meanings(errors);
  const common = "Errors: those that [every callable](#errors) may answer";
  return [
    description,
    ...(checksRevocation ? ["A user who is disabled, deleted or signed out everywhere is refused at once."] : []),
    "Input:",
    fieldTable(input),
    "Result:",
    fieldTable(output),
    ...("chunk" in rest ? ["As a stream, it sends a [StageEvent](#stageevent) for each stage before the result."] : []),
    own.length === 0 ? `${common}.` : `${common}, and:\n\n${table(["code", "when"], own)}`,
  ].join("\n\n");
}

/** As Firebase sends them: https://cloud.google.com/apis/design/errors#handling_errors */
const httpStatuses: Record<ErrorCode, number> = {
  "invalid-argument": 400,
  "failed-precondition": 400,
  unauthenticated: 401,
  "permission-denied": 403,
  "not-found": 404,
  "resource-exhausted": 429,
  internal: 500,
  unavailable: 503,
};

function callablesWith(code: ErrorCode): string {
  if ((commonErrorCodes as readonly ErrorCode[]).includes(code)) return "every callable";
  return entries(callables)
    .filter(([, { errors }]) => code in errors)
    .map(([name]) => `\`${name}\``)
    .join(", ");
}

function messages<Name extends string>(
  types: Record<Name, number>,
  meaningOf: Record<Name, { payload: string; meaning: string }>,
): string {
  return table(
    ["first byte", "message", "then", "meaning"],
    entries(types).map(([name, type]) => [
      `\`${String.fromCharCode(type)}\``,
      name,
      meaningOf[name].payload,
      meaningOf[name].meaning,
    ]),
  );
}

function meanings(of: Record<string, string>): string[][] {
  return Object.entries(of).map(([name, meaning]) => [`\`${name}\``, meaning]);
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function entries<Name extends string, Value>(of: Record<Name, Value>): [Name, Value][] {
  return Object.entries(of) as [Name, Value][];
}
