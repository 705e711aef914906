// Runs against the stand-in, or against Cloud KMS when CLISCALE_CONTRACT_KMS_KEY_RING names a key ring in which the
// Application Default Credentials may create keys. Keys cannot be deleted there, so name one that is for this alone.
import { after, before, test } from "node:test";
import { type KmsSubject, openCloudKms, openStandIn } from "./subject.ts";
import { kmsContract } from "./suite.ts";

const keyRing = process.env["CLISCALE_CONTRACT_KMS_KEY_RING"];
let subject: KmsSubject;

before(async () => {
  subject = keyRing ? openCloudKms(keyRing) : await openStandIn();
});
after(() => subject.close());

for (const { name, check, skip } of kmsContract) {
  test(name, { timeout: 120_000 }, async (context) => {
    const reason = skip?.(subject);
    if (reason) context.skip(reason);
    else await check(subject);
  });
}
