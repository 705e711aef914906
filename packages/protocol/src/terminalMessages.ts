import * as z from "zod";
import type { clientMessage, serverMessage } from "./wire.ts";

const size = {
  columns: z.int().describe("Width of the terminal, in characters."),
  rows: z.int().describe("Its height, in characters."),
};

export const terminalSizeSchema = z.object(size);
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

/** Ours: what a client has drawn, as the last position and the output since have told it. */
export const resumeSchema = z.object({
  epoch: z.string().describe("`epoch` of the position that was told last."),
  offset: z.int().describe("Bytes of output that this client has drawn, counted on from that position's `offset`."),
  sizes: z
    .int()
    .exactOptional()
    .describe("`sizes` of the position that was told last; more than one change of size may lie at the same offset."),
});
export type Resume = z.infer<typeof resumeSchema>;

/** The first message of a client. */
export const helloSchema = z.object({
  ...size,
  resume: resumeSchema
    .exactOptional()
    .describe("Ours: up to where in the output this client has drawn; only what is missing is then sent."),
});
export type Hello = z.infer<typeof helloSchema>;

/** Ours: which part of the output stream follows. */
export const positionSchema = z.object({
  epoch: z
    .string()
    .describe("Opaque; names one run of the terminal server, so that offsets of another run are not taken for ours."),
  offset: z.int().describe("The byte offset at which the output that follows continues."),
  head: z.int().describe("Where the stream stands now."),
  ...size,
  controller: z
    .boolean()
    .describe("Whether this socket's size counts, and its answers to the program's terminal queries."),
  sizes: z.int().exactOptional().describe("How often the size had changed before; tell it again in `resume`."),
  snapshot: z
    .literal(true)
    .exactOptional()
    .describe(
      "The next output message draws the whole screen as it stood at `offset`, on a cleared terminal of this size. Its " +
        "bytes do not count.",
    ),
});
export type Position = z.infer<typeof positionSchema>;

/** Ours: the command has ended. */
export const exitSchema = z.object({
  exitCode: z.int().describe("As a shell tells it: 127 where the command was not found, 128+N when signal N ended it."),
  signal: z.string().exactOptional().describe("Name of the signal that ended it, such as `SIGTERM`."),
});
export type Exit = z.infer<typeof exitSchema>;

interface MessageMeaning {
  /** What follows the type byte. */
  payload: string;
  meaning: string;
}

export const clientMessageMeanings: Record<keyof typeof clientMessage, MessageMeaning> = {
  hello: { payload: "the rest of the hello's JSON", meaning: "The first message; it has no type byte but its `{`." },
  input: { payload: "bytes", meaning: "What is typed or pasted, 64 KiB at most in one message." },
  resize: { payload: "JSON `{columns, rows}`", meaning: "The terminal has another size." },
  pause: { payload: "nothing", meaning: "Send no output for now." },
  resume: { payload: "nothing", meaning: "Go on with the output." },
  ping: { payload: "a nonce, 64 bytes at most", meaning: "Ours: measures the round trip. It is not input." },
};

export const serverMessageMeanings: Record<keyof typeof serverMessage, MessageMeaning> = {
  output: { payload: "bytes", meaning: "Output of the command; a character may be cut between two messages." },
  title: { payload: "UTF-8", meaning: "The window's title." },
  preferences: { payload: "JSON", meaning: "ttyd's settings for its own page; pass them over." },
  position: { payload: "JSON", meaning: "Ours: which part of the output stream follows." },
  exit: { payload: "JSON", meaning: "Ours: the command has ended; close code 1000 follows." },
  pong: { payload: "the nonce", meaning: "Ours: the answer to a ping." },
};
