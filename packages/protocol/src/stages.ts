import * as z from "zod";
import { time } from "./fields.ts";

export const stages = ["queued", "scheduling", "pulling", "starting", "ready"] as const;
export type Stage = (typeof stages)[number];

/** What each stage waits for. */
export const stageMeanings: Record<Stage, string> = {
  queued: "Created, and waiting for room. It may repeat, with a new `position`.",
  scheduling: "Its turn has come: the cluster looks for a node, and may have to boot one.",
  pulling: "A node is found: it fetches the image and mounts what the pod needs.",
  starting: "The container runs; its terminal does not answer yet.",
  ready: "The terminal can be attached. The bundle may still be fetched and installed, visibly, in it.",
};

export const stageEventSchema = z
  .object({
    stage: z.enum(stages).describe("The stage that has been reached."),
    at: time.describe("When it was reached."),
    sessionId: z
      .uuid()
      .exactOptional()
      .describe("The session that is starting, so that a caller can stop it, or come back to it, before it is ready."),
    message: z.string().exactOptional().describe("What the stage is waiting for, such as an image that is not found."),
    position: z.int().exactOptional().describe("With `queued`: the place in the queue, 1 is next."),
  })
  .meta({ id: "StageEvent", description: "A chunk of a streamed start." });
export type StageEvent = z.infer<typeof stageEventSchema>;
