import type { Session } from "@cliscale/protocol";

export const sessionId = "0b8f9f3e-6a0b-4c1d-9a43-0d2b7c1e5f60";

export function session(fields: Partial<Session> = {}): Session {
  return {
    id: sessionId,
    state: "ready",
    bundle: { source: "template:shell" },
    createdAt: "2026-11-23T10:00:00Z",
    expiresAt: "2026-11-23T11:00:00Z",
    idleSeconds: 1800,
    ...fields,
  };
}

export const stage = (name: string, fields: object = {}) => ({ stage: name, at: "2026-11-23T10:00:01Z", ...fields });
