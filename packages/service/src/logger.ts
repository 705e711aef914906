import { type Logger, pino } from "pino";

export type { Logger };

// Cloud Logging reads `severity` and `message`: https://cloud.google.com/logging/docs/structured-logging
const severities: Record<string, string> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

/**
 * A logger of JSON lines on standard error, one event per unit of work. Never give it a token, a secret, a query string
 * or a request as a whole; `LOG_LEVEL` (default `info`) is the least severe level written.
 */
export function createLogger(service: string): Logger {
  return pino(
    {
      level: process.env["LOG_LEVEL"] ?? "info",
      base: { service },
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: severities[label] ?? "DEFAULT" }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
