import type { Stage, StageEvent } from "@cliscale/protocol";

export const stageNames: Record<Stage, string> = {
  queued: "Queued",
  scheduling: "Scheduling",
  pulling: "Pulling",
  starting: "Starting",
  ready: "Ready",
};

/** What a stage waits for, by how many seconds it has been waited for; the longer, the more there is to tell. */
const sentences: Record<Stage, [fromSecond: number, sentence: string][]> = {
  queued: [[0, "Waiting for a free place."]],
  scheduling: [
    [0, "Looking for a machine."],
    [15, "A machine has to start first, which usually takes 80 to 120 seconds."],
    [150, "The machine takes longer than usual. The session starts when there is one, also if you leave this page."],
  ],
  pulling: [
    [0, "Loading the image."],
    [30, "Loading the image, which takes a minute or two on a new machine."],
    [180, "Loading the image takes longer than usual."],
  ],
  starting: [
    [0, "Starting the terminal."],
    [30, "Starting the terminal takes longer than usual."],
  ],
  ready: [[0, "The terminal is ready."]],
};

/** What a session that starts is waiting for. */
export function stageInWords({ stage, message, position }: StageEvent, waitedMilliseconds = 0): string {
  const sentence =
    position === undefined
      ? sentences[stage].findLast(([fromSecond]) => waitedMilliseconds >= fromSecond * 1000 || fromSecond === 0)![1]
      : `Waiting for a free place, number ${position} in line.`;
  return message === undefined ? sentence : `${sentence} ${message}`;
}
