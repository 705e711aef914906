import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Pod } from "../resources/pod.ts";
import type { Container } from "../resources/podSpec.ts";
import { isReadOnlyVolume, type VolumeFile } from "./volumeFiles.ts";

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
  };
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const each of [folder.home, folder.temporary, volumesOf(folder)]) await mkdir(each);
  return folder;
}

/** Writes what the pod's volumes hold from the start. */
export async function writeVolumes(folder: PodFolder, volumes: ReadonlyMap<string, VolumeFile[]>): Promise<void> {
  for (const [name, files] of volumes) {
    const path = join(volumesOf(folder), name);
    await mkdir(path, { recursive: true });
    for (const { path: relative, content, mode } of files) {
      const file = join(path, relative);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode: 0o600 });
      await chmod(file, mode);
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
  const volumes = (container.volumeMounts ?? []).map(({ name, mountPath, subPath = "", readOnly }): Mount => {
    const volume = pod.spec.volumes!.find((each) => each.name === name)!;
    const hostPath = join(volumesOf(folder), name, subPath);
    return { containerPath: mountPath, hostPath, readOnly: isReadOnlyVolume(volume) || readOnly === true };
  });
  return [
    ...volumes,
    { containerPath: container.terminationMessagePath, hostPath: terminationLogOf(folder), readOnly: false },
  ];
}

/** What a container wrote that has run before is not what the next one says. */
export async function resetTerminationMessage(folder: PodFolder): Promise<void> {
  await removeAll(terminationLogOf(folder));
  await writeFile(terminationLogOf(folder), "");
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
