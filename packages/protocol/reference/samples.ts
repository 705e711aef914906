import { isDeepStrictEqual } from "node:util";
import { callables, errorCodes, errorDetailsSchema } from "../src/index.ts";
import * as z from "zod";

// An answer that the page prints: `<!-- answer: CALLABLE -->` and a JSON block.
const sample = /<!-- answer: (\w+) -->\s*```json\n([^]*?)```/g;

/** @throws Error when an answer that the page prints is none that the callable could give. */
export function requireSamples(page: string): void {
  for (const [, name, json] of page.matchAll(sample)) {
    const printed = JSON.parse(json!) as unknown;
    const parsed = answerSchema(name!).safeParse(printed);
    // Fields that a schema does not know are not in its output.
    if (!parsed.success || !isDeepStrictEqual(parsed.data, printed)) {
      throw new Error(
        `docs/api.md prints an answer of ${name} that is none: ${parsed.error?.message ?? "unknown fields"}`,
      );
    }
  }
}

function answerSchema(name: string): z.ZodType {
  const callable = Object.entries(callables).find(([known]) => known === name)?.[1];
  if (!callable) throw new Error(`docs/api.md prints an answer of ${name}, which is no callable`);
  const statuses = errorCodes.map((code) => code.toUpperCase().replaceAll("-", "_"));
  const error = z.object({
    message: z.string(),
    status: z.enum(statuses),
    details: errorDetailsSchema.exactOptional(),
  });
  return z.union([z.object({ result: callable.output }), z.object({ error })]);
}
