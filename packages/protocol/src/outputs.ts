import * as z from "zod";
import { attachSchema, sessionSchema } from "./session.ts";

export const sessionAnswerSchema = z.object({ session: sessionSchema.describe("The session as it now stands.") });
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>;

export const startAnswerSchema = sessionAnswerSchema.extend({
  attach: attachSchema
    .exactOptional()
    .describe("There exactly when the session is ready. Without it, and not ended, go on with attachSession."),
});
export type StartAnswer = z.infer<typeof startAnswerSchema>;

export const sessionListSchema = z.object({
  sessions: z.array(sessionSchema).describe("The caller's own, newest first."),
  nextPageToken: z.string().exactOptional().describe("The `pageToken` of the next page; absent on the last one."),
});
export type SessionList = z.infer<typeof sessionListSchema>;
