import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BundleError } from "../bundleError.ts";
import { type ArchiveLimits, contentBytes } from "../limits.ts";
import { entryNames, foldedPath } from "./entryPath.ts";

export interface ArchiveEntry {
  path: string;
  /** `other` is what no archive may hold: links, devices, pipes. */
  kind: "file" | "folder" | "other";
  executable: boolean;
  content: AsyncIterable<Uint8Array>;
}

export interface EntryWriterOptions {
  /** A new, empty folder. */
  target: string;
  archiveBytes: number;
  limits: ArchiveLimits;
  /** Where in the folder an entry goes, by the names of its path; undefined for one that is left out. */
  place?: (names: string[]) => string[] | undefined;
  stopping: AbortSignal;
}

/** Puts one entry after the other into a folder. @throws BundleError for one that must not be there. */
export type EntryWriter = (entry: ArchiveEntry) => Promise<void>;

/**
 * Writes entries below a folder in which there are never any links, so that a path without `..` cannot lead out of it. A
 * file is created anew or not at all. Of modes only the executable bit is kept.
 */
export function createEntryWriter(options: EntryWriterOptions): EntryWriter {
  const { target, archiveBytes, limits, place = (names) => names, stopping } = options;
  const taken = new Map<string, Pick<ArchiveEntry, "path" | "kind">>();
  const maximum = contentBytes(archiveBytes, limits);
  let bytes = 0;

  const measured = async function* (content: AsyncIterable<Uint8Array>) {
    for await (const chunk of content) {
      stopping.throwIfAborted();
      bytes += chunk.length;
      if (bytes > maximum) throw new BundleError(`The archive unpacks to more than ${maximum} bytes.`);
      yield chunk;
    }
  };
  /** Reads what is left out: what follows in the archive lies behind it. */
  const passOver = async (content: AsyncIterable<Uint8Array>) => {
    const chunks = content[Symbol.asyncIterator]();
    while (!(await chunks.next()).done) stopping.throwIfAborted();
  };
  /** Takes a path, and those of the folders above it, for this entry. */
  const take = (names: string[], kind: ArchiveEntry["kind"]) => {
    for (let depth = 1; depth <= names.length; depth++) {
      const part = names.slice(0, depth);
      const wanted = { path: part.join("/"), kind: depth === names.length ? kind : ("folder" as const) };
      const key = foldedPath(part);
      const holder = taken.get(key);
      if (holder && (holder.path !== wanted.path || holder.kind !== "folder" || wanted.kind !== "folder")) {
        const paths = `${JSON.stringify(holder.path)} and ${JSON.stringify(wanted.path)}`;
        throw new BundleError(`The archive holds two entries for one path: ${paths}.`);
      }
      if (!holder && taken.size >= limits.entries) {
        throw new BundleError(`The archive holds more than ${limits.entries} files and folders.`);
      }
      taken.set(key, wanted);
    }
  };

  return async ({ path, kind, executable, content }) => {
    stopping.throwIfAborted();
    const names = place(entryNames(path, limits));
    if (!names) return await passOver(content);
    if (kind === "other") throw new BundleError(`The archive holds a link or device: ${JSON.stringify(path)}.`);
    take(names, kind);
    if (kind === "folder") {
      await mkdir(join(target, ...names), { recursive: true });
      return await passOver(measured(content));
    }
    if (names.length === 0) throw new BundleError("The archive holds a file where a folder should be.");
    await mkdir(join(target, ...names.slice(0, -1)), { recursive: true });
    await writeFile(join(target, ...names), measured(content), { flag: "wx", mode: executable ? 0o755 : 0o644 });
  };
}
