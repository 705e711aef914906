import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../resources/pod.ts";
import type { Container, Volume } from "../resources/podSpec.ts";
import type { Secret } from "../resources/secret.ts";

/** A place in a container's file system, and the file or folder of this machine that is there. */
export interface Mount {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
}

/** Bytes of a termination message that are kept: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
const terminationMessageBytes = 4096;

/** What one pod has on disk. */
export interface PodFolder {
  path: string;
  home: string;
  temporary: string;
  /** Where its processes are written down, in case this program is killed and cannot end them. */
  processRecord: string;
  logFile: string;
}

export const podFolderPath = (podsDirectory: string, { metadata }: Pod) => join(podsDirectory, metadata.uid);

/** Makes the folder of a pod, which nobody but the owner of this process can enter. */
export async function createPodFolder(podsDirectory: string, pod: Pod): Promise<PodFolder> {
  const path = podFolderPath(podsDirectory, pod);
  const folder = {
    path,
    home: join(path, "home"),
    temporary: join(path, "tmp"),
    processRecord: join(path, "process.json"),
    logFile: join(path, "log"),
  };
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const each of [folder.home, folder.temporary, volumesOf(folder)]) await mkdir(each);
  await writeFile(terminationLogOf(folder), "");
  return folder;
}

/** Writes the pod's volumes. `secretOf` gives the secret of a name, waiting for it where it must. */
export async function createVolumes(
  folder: PodFolder,
  pod: Pod,
  secretOf: (volume: Volume & { secret: object }) => Promise<Secret>,
): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(volumesOf(folder), volume.name);
    await mkdir(path, { recursive: true });
    if (!volume.secret) continue;
    const { data = {} } = await secretOf({ ...volume, secret: volume.secret });
    for (const [key, value] of Object.entries(data)) {
      const file = join(path, key);
      await writeFile(file, Buffer.from(value, "base64"), { mode: 0o600 });
      await chmod(file, volume.secret.defaultMode);
    }
  }
}

/** Removes what a pod that has ended leaves behind, but for its log. */
export async function removeVolumes(folder: PodFolder): Promise<void> {
  for (const each of [volumesOf(folder), folder.home, folder.temporary]) await removeAll(each);
}

/** Removes a file or folder, also when a pod has taken the rights to some of its folders away. */
export async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await grantRights(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function grantRights(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await grantRights(join(path, entry.name));
  }
}

/** What a container finds at which paths. */
export function mountsOf(folder: PodFolder, pod: Pod, container: Container): Mount[] {
  const volumes = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }): Mount => {
    const isSecret = pod.spec.volumes?.some((volume) => volume.name === name && volume.secret) ?? false;
    const hostPath = join(volumesOf(folder), name);
    return { containerPath: mountPath, hostPath, readOnly: isSecret || readOnly === true };
  });
  return [
    ...volumes,
    { containerPath: container.terminationMessagePath, hostPath: terminationLogOf(folder), readOnly: false },
  ];
}

/** What the container wrote to its termination message path, which it may have put anything else in the place of. */
export async function readTerminationMessage(folder: PodFolder): Promise<string> {
  const file = await open(
    terminationLogOf(folder),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(() => undefined);
  if (!file) return "";
  try {
    if (!(await file.stat()).isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(terminationMessageBytes), 0, terminationMessageBytes, 0);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

const volumesOf = (folder: Pick<PodFolder, "path">) => join(folder.path, "volumes");
const terminationLogOf = (folder: Pick<PodFolder, "path">) => join(folder.path, "termination-log");
