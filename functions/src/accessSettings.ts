import { integer, list } from "@cliscale/service/environment";
import type * as z from "zod";

/** How many sessions there may be. */
export interface Limits {
  /** Of one user, not ended. */
  sessionsPerUser: number;
  /** Of all users, starting or ready; what is above that queues. */
  sessionsTotal: number;
  /** Of all users, waiting. */
  queueTotal: number;
  /** Of one user, created within a minute. */
  createsPerMinute: number;
}

const largest = 1_000_000;
const allowedUser = /^(\*|claim:\S+|[^@\s]*@[^@\s]+)$/;

/** The settings of who may start sessions and how many, among those of `settingFields`. */
export const accessSettingFields = {
  CLISCALE_SESSIONS_PER_USER: integer(0, largest)
    .prefault("5")
    .describe("Sessions of a user that have not ended, at most"),
  CLISCALE_SESSIONS_TOTAL: integer(1, largest)
    .prefault("100")
    .describe("Sessions of all users that start or are ready at once; more wait in a queue"),
  CLISCALE_QUEUE_TOTAL: integer(0, largest).prefault("1000").describe("Sessions that wait in the queue, at most"),
  CLISCALE_CREATES_PER_MINUTE: integer(1, largest)
    .prefault("10")
    .describe("Sessions that a user may create within a minute"),
  CLISCALE_ALLOWED_USERS: list
    .refine(
      (entries) => entries.every((entry) => allowedUser.test(entry)),
      "must be e-mail addresses, @domains, claim:NAME or *",
    )
    .prefault("")
    .describe(
      "Who may start sessions: e-mail addresses, @domains, claim:NAME or * for all, comma-separated; empty: nobody",
    ),
};

export function limitsOf(values: z.infer<z.ZodObject<typeof accessSettingFields>>): Limits {
  return {
    sessionsPerUser: values.CLISCALE_SESSIONS_PER_USER,
    sessionsTotal: values.CLISCALE_SESSIONS_TOTAL,
    queueTotal: values.CLISCALE_QUEUE_TOTAL,
    createsPerMinute: values.CLISCALE_CREATES_PER_MINUTE,
  };
}
