import { idleAt, type SessionRow } from "@cliscale/db";
import type { Session } from "@cliscale/protocol";
import type { SessionSettings } from "../settings.ts";

/** A session as its owner sees it. */
export function sessionView(
  row: SessionRow,
  { idleOutputMaxSeconds }: Pick<SessionSettings, "idleOutputMaxSeconds">,
): Session {
  const idle = row.state === "ready" ? idleAt(row, idleOutputMaxSeconds) : undefined;
  return {
    id: row.id,
    state: row.state,
    ...(row.end_reason !== null && { endReason: row.end_reason }),
    ...(row.exit_code !== null && { exitCode: row.exit_code }),
    ...(row.message !== null && { message: row.message }),
    bundle: { source: row.bundle_source, ...(row.bundle_sha256 !== null && { sha256: row.bundle_sha256 }) },
    ...(row.command !== null && { command: row.command }),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.ready_at && { readyAt: row.ready_at.toISOString() }),
    ...(row.ended_at && { endedAt: row.ended_at.toISOString() }),
    ...(row.last_active_at && { lastActiveAt: row.last_active_at.toISOString() }),
    idleSeconds: row.idle_seconds,
    ...(typeof row.position === "number" && { position: row.position }),
    ...(idle && { idleAt: idle.toISOString() }),
  };
}
