import type { Dependency, Health } from "@cliscale/protocol";
import { onRequest } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import { optionsOf } from "./budgets.ts";
import { type Deps, loadDeps } from "./deps.ts";
import { describe } from "./http/errors.ts";

type Check = Health["status"];

const checkMilliseconds = 5_000;
/** How long an answer is kept, so that asking often costs the dependencies nothing. */
const keptMilliseconds = 10_000;

/** Asks every dependency for a sign of life. */
export async function handleHealth({ pool, signer, cluster, schedule }: Deps): Promise<Health> {
  const probes: Record<Dependency, () => Promise<unknown>> = {
    postgres: () => pool.query("select 1"),
    kms: () => signer.current(),
    kubernetes: () => cluster.ping(),
    scheduler: () => schedule.requireRecentSweep(),
  };
  const names = Object.keys(probes) as Dependency[];
  const results = await Promise.all(names.map((name) => probe(name, probes[name])));
  return {
    status: results.every((result) => result === "ok") ? "ok" : "failed",
    checks: Object.fromEntries(names.map((name, index) => [name, results[index]])) as Health["checks"],
  };
}

async function probe(name: Dependency, sign: () => Promise<unknown>): Promise<Check> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer in time")), checkMilliseconds);
  try {
    await Promise.race([sign(), late.promise]);
    return "ok";
  } catch (error) {
    logger.warn(`health: ${name} failed`, { dependency: name, cause: describe(error) });
    return "failed";
  } finally {
    clearTimeout(timer);
  }
}

function toFailure(error: unknown): Health {
  logger.error("health failed", { cause: describe(error) });
  return { status: "failed", checks: { postgres: "failed", kms: "failed", kubernetes: "failed", scheduler: "failed" } };
}

let kept: { health: Promise<Health>; until: number } | undefined;

export const health = onRequest(optionsOf("health"), async (_request, response) => {
  if (!kept || Date.now() > kept.until) {
    kept = { health: loadDeps().then(handleHealth), until: Date.now() + keptMilliseconds };
  }
  const answer = await kept.health.catch(toFailure);
  response
    .status(answer.status === "ok" ? 200 : 503)
    .set("Cache-Control", "no-store")
    .json(answer);
});
