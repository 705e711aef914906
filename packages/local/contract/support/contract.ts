import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import type { StatusName } from "../../src/grpc/statusError.ts";

/**
 * One promise of a vendor's API, checked through the vendor's client, so that a stand-in and the real service can be held to
 * the same words. A case makes what it needs and does not depend on other cases.
 */
export interface ContractCase<Subject> {
  name: string;
  /** Rejects when the promise is broken. */
  check: (subject: Subject) => Promise<void>;
  /** Why the case cannot be checked with this subject, if it cannot. */
  skip?: (subject: Subject) => string | undefined;
}

/** Asserts that a call is answered with one of these codes. */
export async function refuses(call: Promise<unknown>, ...codes: StatusName[]): Promise<void> {
  await assert.rejects(call, (error: { code?: number; message: string }) => {
    assert.ok(
      codes.some((code) => status[code] === error.code),
      `${codes.join(" or ")} wanted: ${error.message}`,
    );
    return true;
  });
}
