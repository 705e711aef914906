// Asks a cluster for a sign of life as the functions do, in a process whose environment is that of Cloud Run.
import { setTimeout as delay } from "node:timers/promises";
import { createCluster } from "../../src/kubernetes/cluster.ts";

const [endpoint = "", ...pauses] = process.argv.slice(2);
const cluster = createCluster({ endpoint, caFile: "", tokenFile: "", callMilliseconds: 3_000 });
try {
  for (const pause of pauses) {
    await delay(Number(pause));
    await cluster.ping();
  }
} catch (error) {
  process.stderr.write(String((error as Error).cause ?? error));
  process.exitCode = 1;
}
