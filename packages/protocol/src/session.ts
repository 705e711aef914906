import * as z from "zod";
import { bundleSchema } from "./bundle.ts";
import { time } from "./fields.ts";

export const sessionStates = ["queued", "starting", "ready", "ended"] as const;
export type SessionState = (typeof sessionStates)[number];

export const endReasons = ["exited", "stopped", "idle", "deadline", "failed", "lost"] as const;
export type EndReason = (typeof endReasons)[number];

export const sessionSchema = z
  .object({
    id: z.uuid().describe("Names the session; 122 of its bits are random."),
    state: z
      .enum(sessionStates)
      .describe(
        "`queued` until there is room, `starting` until its terminal can be attached, then `ready`; `ended` for good.",
      ),
    endReason: z
      .enum(endReasons)
      .exactOptional()
      .describe(
        "There exactly when ended. `exited`: the command ended by itself; `stopped`: by stopSession; `idle`: nothing " +
          "happened for `idleSeconds`; `deadline`: past `expiresAt`; `failed`: the command never ran; `lost`: the pod or " +
          "its Job vanished without a word.",
      ),
    exitCode: z
      .int()
      .exactOptional()
      .describe(
        "There exactly when `exited`: the command's exit code, 127 where it was not found, 128+N for signal N.",
      ),
    message: z.string().exactOptional().describe("One sentence for a person; always there when `failed` or `lost`."),
    bundle: bundleSchema.describe("What was asked for."),
    command: z.string().exactOptional().describe("What runs; absent only until the package's own program is known."),
    createdAt: time.describe("When it was created."),
    expiresAt: time.describe(
      "When it ends at the latest; while queued, as if it started when it was created or extended.",
    ),
    readyAt: time.exactOptional().describe("When its terminal could first be attached."),
    endedAt: time.exactOptional().describe("There exactly when ended."),
    lastActiveAt: time.exactOptional().describe("When something last happened in it: input, output or an attach."),
    idleSeconds: z.int().describe("After how many seconds without activity it ends; 0: never."),
    idleAt: time
      .exactOptional()
      .describe("When it ends for being idle if nothing happens until then; there while it is ready and may be idle."),
    position: z.int().exactOptional().describe("There exactly when queued: its place in the queue, 1 is next."),
  })
  .meta({ id: "Session", description: "A session as its owner sees it." });
export type Session = z.infer<typeof sessionSchema>;

export const attachSchema = z
  .object({
    url: z.url().describe("The gateway's WebSocket URL for this session. The token does not go into it."),
    token: z.string().describe("The attach token; it enters once, until `expiresAt`."),
    expiresAt: time.describe("When the token expires."),
  })
  .meta({ id: "Attach", description: "What a client needs to attach." });
export type Attach = z.infer<typeof attachSchema>;
