import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { StatusError, type StatusName, statusNames } from "./statusError.ts";

/** What goes wrong at the next calls of one method: a delay, an error, or the one and then the other. */
export interface Fault {
  /** The method's name in the API, such as `AsymmetricSign`. */
  method: string;
  /** Answered instead of doing anything; `message` may be left out. */
  error?: { code: StatusName; message?: string } | undefined;
  delayMilliseconds?: number | undefined;
  /** How many calls it spoils; 1 when left out. */
  times?: number | undefined;
}

/** Faults that wait for their calls, in the order in which they were injected. */
export interface Faults {
  /** @throws TypeError that says what is wrong with the fault. */
  inject: (fault: Fault) => void;
  /** Takes the next fault of a method, if there is one, and lets it happen; `signal` cuts its delay short. */
  strike: (method: string, signal: AbortSignal) => Promise<void>;
}

const oneHour = 3_600_000;

function faultSchema(methods: string[]) {
  return z
    .strictObject({
      method: z.enum(methods),
      error: z
        .strictObject({ code: z.enum(statusNames) as z.ZodType<StatusName>, message: z.string().optional() })
        .optional(),
      delayMilliseconds: z.int().nonnegative().max(oneHour).optional(),
      times: z.int().positive().default(1),
    })
    .refine(({ error, delayMilliseconds }) => error !== undefined || delayMilliseconds !== undefined, {
      error: "needs an error or delayMilliseconds",
    });
}

export function createFaults(methods: string[]): Faults {
  const schema = faultSchema(methods);
  const waiting: z.output<typeof schema>[] = [];

  return {
    inject(fault) {
      const result = schema.safeParse(fault);
      if (!result.success) throw new TypeError(`this is not a fault: ${z.prettifyError(result.error)}`);
      waiting.push(result.data);
    },

    async strike(method, signal) {
      const fault = waiting.find((candidate) => candidate.method === method);
      if (!fault) return;
      fault.times -= 1;
      if (fault.times === 0) waiting.splice(waiting.indexOf(fault), 1);

      if (fault.delayMilliseconds !== undefined) await delay(fault.delayMilliseconds, undefined, { signal });
      if (fault.error) throw new StatusError(fault.error.code, fault.error.message ?? "injected fault");
    },
  };
}
