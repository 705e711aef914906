import type { EndReason, SessionState } from "@cliscale/protocol";

/** A row of `sessions`. */
export interface SessionRow {
  id: string;
  owner_uid: string;
  request_id: string;
  request_digest: string;
  state: SessionState;
  end_reason: EndReason | null;
  exit_code: number | null;
  message: string | null;
  bundle_source: string;
  bundle_sha256: string | null;
  command: string | null;
  terminal: "runner" | "ttyd";
  pod_secret: string;
  pod_ip: string | null;
  lifetime_seconds: number;
  idle_seconds: number;
  created_at: Date;
  /** When its Job and Secret were known to stand: from then on anyone can start it. */
  prepared_at: Date | null;
  /** When it left the queue: its lifetime counts from here. */
  started_at: Date | null;
  ready_at: Date | null;
  ended_at: Date | null;
  /** The latest of the three below, or when it became ready. */
  last_active_at: Date | null;
  last_attach_at: Date | null;
  last_input_at: Date | null;
  last_output_at: Date | null;
  expires_at: Date;
  /** Its place in the queue, 1 is next; null where it is not queued. Only queries that say so tell it. */
  position?: number | null;
}
