import { keyCases } from "./keyCases.ts";
import { signingCases } from "./signingCases.ts";
import { stateCases } from "./stateCases.ts";

/** What we rely on Cloud KMS for. */
export const kmsContract = [...keyCases, ...signingCases, ...stateCases];
