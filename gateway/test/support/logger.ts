import type { Logger } from "@cliscale/service";

export interface LogEvent {
  message: string;
  [field: string]: unknown;
}

/** A logger whose events are kept; `events` grows as they come. */
export function recordingLogger(): { logger: Logger; events: LogEvent[] } {
  const events: LogEvent[] = [];
  const record = (fields: object, message: string) => void events.push({ ...fields, message });
  return { logger: { info: record, warn: record, error: record } as unknown as Logger, events };
}
