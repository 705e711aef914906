// Runs against the stand-in, or against Cloud Scheduler when CLISCALE_CONTRACT_SCHEDULER_LOCATION names a location
// (projects/*/locations/*) in which the Application Default Credentials may create jobs. The jobs are deleted again.
import { after, before, test } from "node:test";
import { openCloudScheduler, openStandIn, type SchedulerSubject } from "./subject.ts";
import { schedulerContract } from "./suite.ts";

const location = process.env["CLISCALE_CONTRACT_SCHEDULER_LOCATION"];
let subject: SchedulerSubject;

before(async () => {
  subject = location ? openCloudScheduler(location) : await openStandIn();
});
after(() => subject.close());

for (const { name, check, skip } of schedulerContract) {
  test(name, { timeout: 120_000 }, async (context) => {
    const reason = skip?.(subject);
    if (reason) context.skip(reason);
    else await check(subject);
  });
}
