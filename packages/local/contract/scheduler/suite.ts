import { attemptCases } from "./attemptCases.ts";
import { jobCases } from "./jobCases.ts";

/** What we rely on Cloud Scheduler for. */
export const schedulerContract = [...jobCases, ...attemptCases];
