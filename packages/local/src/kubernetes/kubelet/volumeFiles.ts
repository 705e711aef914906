import type { Pod } from "../resources/pod.ts";
import type { KeyToPath, Volume } from "../resources/podVolume.ts";
import type { Store } from "../store/store.ts";
import { MissingReferenceError, valuesOf } from "./references.ts";

/** A file that a volume holds from the start. */
export interface VolumeFile {
  /** Within the volume. */
  path: string;
  content: Buffer;
  mode: number;
}

/**
 * What each volume of a pod holds, by its name; a volume of its own to write in holds nothing.
 * @throws MissingReferenceError for a secret or config map that is not there.
 */
export function volumeFiles(store: Store, pod: Pod): Map<string, VolumeFile[]> {
  return new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, filesOf(store, pod, volume)]));
}

/** Whether nothing may be written to a volume, whatever its mounts say. */
export const isReadOnlyVolume = (volume: Volume) => !volume.emptyDir;

interface Source {
  kind: "secret" | "configmap";
  name: string;
  items?: KeyToPath[] | undefined;
  optional?: boolean | undefined;
}

function filesOf(store: Store, pod: Pod, volume: Volume): VolumeFile[] {
  const defaultMode = (volume.secret ?? volume.configMap ?? volume.projected)?.defaultMode ?? 0o644;
  try {
    return sourcesOf(volume).flatMap((source) => sourceFiles(store, pod, source, defaultMode));
  } catch (error) {
    if (!(error instanceof MissingReferenceError)) throw error;
    throw new MissingReferenceError(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
  }
}

function sourcesOf({ secret, configMap, projected }: Volume): Source[] {
  if (secret) return [{ kind: "secret", name: secret.secretName, items: secret.items, optional: secret.optional }];
  if (configMap) return [{ kind: "configmap", ...configMap }];
  return (projected?.sources ?? []).map((source) =>
    source.secret ? { kind: "secret", ...source.secret } : { kind: "configmap", ...source.configMap! },
  );
}

function sourceFiles(store: Store, pod: Pod, source: Source, defaultMode: number): VolumeFile[] {
  const values = valuesOf(store, pod, source.kind, source);
  if (!values) return [];
  const items = source.items ?? [...values.keys()].map((key): KeyToPath => ({ key, path: key }));
  return items.flatMap(({ key, path, mode = defaultMode }) => {
    const content = values.get(key);
    if (content) return [{ path, content, mode }];
    if (source.optional) return [];
    throw new MissingReferenceError(`references non-existent ${source.kind} key: ${key}`);
  });
}
