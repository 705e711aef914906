import { discardSession, findSession, type SessionRow, startSession } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe, notFound } from "../http/errors.ts";
import { jobManifest, secretManifest } from "../kubernetes/jobManifest.ts";

/**
 * Brings a queued session to its start, in the one order that every session has: row → suspended Job → Secret that the Job
 * owns → state `starting`, where the row still wants it → the Job resumes. Each step may be repeated, so that a request that
 * is made twice, or again after a crash, ends with one Job. When a step fails nothing is left behind.
 */
export async function launchSession(deps: Deps, session: SessionRow, env: Record<string, string>): Promise<SessionRow> {
  const { pool, cluster, settings } = deps;
  try {
    const jobUid = await cluster.createJob(jobManifest(session, settings));
    await cluster.createSecret(secretManifest(session, jobUid, env));
    const started = await dependingOn("postgres", () => startSession(pool, session.id));
    if (!started) return await overtaken(deps, session);
    await cluster.resumeJob(session.id);
    return started;
  } catch (error) {
    await abandon(deps, session);
    throw error;
  }
}

/** Another call was faster: it started the session, which is fine, or it stopped it, and then the Job must not stay. */
async function overtaken({ pool, cluster }: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!current || current.state === "ended") {
    await cluster.deleteJob(session.id);
  }
  if (!current) throw notFound();
  return current;
}

async function abandon({ pool, cluster }: Deps, session: SessionRow): Promise<void> {
  const steps = await Promise.allSettled([cluster.deleteJob(session.id), discardSession(pool, session.id)]);
  for (const step of steps) {
    if (step.status === "rejected") {
      logger.error("clean-up of a failed start failed", { sessionId: session.id, cause: describe(step.reason) });
    }
  }
}
