import * as z from "zod";

/** google.protobuf.Timestamp; times are kept as RFC 3339 texts. */
export function timestamp(text: string): { seconds: number; nanos: number };
export function timestamp(text: string | undefined): { seconds: number; nanos: number } | undefined;
export function timestamp(text: string | undefined) {
  if (text === undefined) return undefined;
  const milliseconds = Date.parse(text);
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

/** google.protobuf.Duration, kept as seconds. */
export function duration(seconds: number): { seconds: number; nanos: number } {
  const whole = Math.trunc(seconds);
  return { seconds: whole, nanos: Math.round((seconds - whole) * 1e9) };
}

/** A google.protobuf.Duration in a request, read as seconds. */
export const durationSeconds = z
  .strictObject({ seconds: z.number().optional(), nanos: z.number().optional() })
  .transform(({ seconds = 0, nanos = 0 }) => seconds + nanos / 1e9);
