import { setTimeout as delay } from "node:timers/promises";
import { EnvironmentError } from "@cliscale/service/environment";

/** One line of what `npm run doctor` says: something that a part needs, checked as that part. */
export interface Check {
  name: string;
  /** Names of checks before it, without which it could say nothing of its own. */
  needs?: readonly string[];
  /** Resolves to what was found to be in order, in a few words; rejects when it is not. */
  run(): Promise<string>;
  /** What to do about a failure. */
  remedy: string;
  /** What the doctor can do about a failure itself, where it is asked to. */
  repair?(): Promise<void>;
}

export interface Finding {
  name: string;
  outcome: "ok" | "failed" | "not checked";
  /** What is in order, what went wrong, or what is needed first. */
  text: string;
  remedy?: string;
}

const checkMilliseconds = 15_000;

/** Runs checks in their order; `onFinding` is told of each as it comes. With `repair`, failures that can be repaired are, and are checked again. */
export async function runChecks(
  checks: readonly Check[],
  { repair = false, onFinding = () => undefined }: { repair?: boolean; onFinding?: (finding: Finding) => void } = {},
): Promise<Finding[]> {
  const findings = new Map<string, Finding>();
  for (const check of checks) {
    const missing = check.needs?.find((name) => findings.get(name)?.outcome !== "ok");
    const finding = missing === undefined ? await examine(check, repair) : notChecked(check, missing);
    findings.set(check.name, finding);
    onFinding(finding);
  }
  return [...findings.values()];
}

async function examine(check: Check, repair: boolean): Promise<Finding> {
  const finding = await tryOnce(check);
  if (finding.outcome === "ok" || !repair || !check.repair) return finding;
  try {
    await check.repair();
  } catch (error) {
    return failed(check, error);
  }
  return tryOnce(check);
}

async function tryOnce(check: Check): Promise<Finding> {
  const done = new AbortController();
  const late = delay(checkMilliseconds, undefined, { signal: done.signal }).then(() => {
    throw new Error(`no answer within ${checkMilliseconds / 1000} s`);
  });
  try {
    return { name: check.name, outcome: "ok", text: await Promise.race([check.run(), late]) };
  } catch (error) {
    return failed(check, error);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}

function failed({ name, remedy }: Check, error: unknown): Finding {
  return { name, outcome: "failed", text: reasonOf(error), remedy };
}

function notChecked({ name }: Check, missing: string): Finding {
  return { name, outcome: "not checked", text: `needs ${missing}` };
}

/** The first line of what was thrown, and of what caused it: API clients put whole answers behind it. Of settings it is every line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = error.message.split("\n").map((line) => line.trim());
  if (error instanceof EnvironmentError) return lines.join(" ");
  const first = lines[0]!;
  return error.cause === undefined ? first : `${first}: ${reasonOf(error.cause)}`;
}
