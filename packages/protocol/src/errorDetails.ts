import * as z from "zod";
import { dependencies } from "./errors.ts";

export const violationSchema = z.object({
  field: z.string().describe("Path of the field, such as `bundle.source`; `(input)` for the input as a whole."),
  message: z.string().describe("What it must be, such as `must be at least 60`."),
});
export type Violation = z.infer<typeof violationSchema>;

export const errorDetailsSchema = z.object({
  violations: z
    .array(violationSchema)
    .exactOptional()
    .describe("With `invalid-argument`: every field that is wrong, not only the first."),
  verifyEmail: z
    .literal(true)
    .exactOptional()
    .describe("With `permission-denied`: once the user's e-mail address is verified, the call is allowed."),
  dependency: z.enum(dependencies).exactOptional().describe("With `unavailable`, where it is known: what failed."),
  limit: z.string().exactOptional().describe("With `resource-exhausted`: the setting that holds the limit."),
  max: z.int().exactOptional().describe("With `resource-exhausted`: the limit's value."),
  retryAfterSeconds: z.int().exactOptional().describe("With `resource-exhausted`, where waiting helps: for how long."),
});
export type ErrorDetails = z.infer<typeof errorDetailsSchema>;
