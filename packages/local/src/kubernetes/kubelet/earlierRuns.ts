import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cliscale/service";
import { removeAll } from "./podFolder.ts";
import type { ProcessIdentity } from "../../processIdentity.ts";
import { killPod } from "./processes.ts";

/**
 * Ends the pods of an earlier run that was killed before it could end them, and removes their folders. A process is only
 * ended when its start time, or its environment, shows it to be the pod's.
 */
export async function endPodsOfEarlierRuns(podsDirectory: string, logger: Logger): Promise<void> {
  await mkdir(podsDirectory, { recursive: true, mode: 0o700 });
  for (const podUid of await readdir(podsDirectory)) {
    const folder = join(podsDirectory, podUid);
    await killPod({ podUid, folder }, await readProcessRecord(join(folder, "process.json")));
    await removeAll(folder);
    logger.warn({ podUid }, "ended a pod that an earlier run left behind");
  }
}

async function readProcessRecord(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Partial<ProcessIdentity>;
    return typeof record.pid === "number" && record.pid > 1 ? (record as ProcessIdentity) : undefined;
  } catch {
    // Killed before the pod's process was started, or while its record was written: the pod's mark tells.
    return undefined;
  }
}
