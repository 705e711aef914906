import type { SessionRow } from "@cliscale/db";

/** A row as the database would give it, queued unless said otherwise. */
export function sessionRow(values: Partial<SessionRow> = {}): SessionRow {
  return {
    id: "11111111-2222-4333-8444-555555555555",
    owner_uid: "ada",
    request_id: "11111111-2222-4333-8444-666666666666",
    request_digest: "digest",
    state: "queued",
    end_reason: null,
    exit_code: null,
    message: null,
    bundle_source: "template:shell",
    bundle_sha256: null,
    command: null,
    terminal: "runner",
    pod_secret: "A".repeat(43),
    pod_ip: null,
    lifetime_seconds: 3600,
    idle_seconds: 1800,
    created_at: new Date("2026-01-01T12:00:00Z"),
    prepared_at: null,
    started_at: null,
    ready_at: null,
    ended_at: null,
    last_active_at: null,
    last_attach_at: null,
    last_input_at: null,
    last_output_at: null,
    expires_at: new Date("2026-01-01T13:00:00Z"),
    ...values,
  };
}
