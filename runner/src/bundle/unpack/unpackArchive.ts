import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BundleError } from "../bundleError.ts";
import { failureReason } from "../fetch/failureReason.ts";
import type { Archive } from "../fetch/download.ts";
import type { ArchiveLimits } from "../limits.ts";
import { createEntryWriter } from "./entryWriter.ts";
import { readTar } from "./readTar.ts";
import { readZip } from "./readZip.ts";

export interface UnpackOptions {
  /** A folder that is not there yet, on the file system of `target`; it is gone afterwards. */
  scratch: string;
  /** An empty folder, which the archive's content replaces. */
  target: string;
  /** Of the archive's only top folder, unpack this folder alone; `""` for all of it. */
  folder?: string;
  limits: ArchiveLimits;
  stopping: AbortSignal;
}

/**
 * Unpacks a tgz or zip, strictly, and puts the content in place once all of it is there. A folder that holds everything
 * else, as archives of GitHub and npm have one, is left out of the paths.
 * @throws BundleError saying what is wrong with the archive; nothing of it is left then.
 */
export async function unpackArchive(archive: Archive, options: UnpackOptions): Promise<void> {
  const { scratch, target, folder, stopping } = options;
  await mkdir(scratch);
  try {
    await unpack(archive, options);
    await rename(folder === undefined ? await contentFolder(scratch) : await wantedFolder(scratch, folder), target);
  } catch (error) {
    stopping.throwIfAborted();
    if (error instanceof BundleError) throw error;
    throw new BundleError(`The archive could not be unpacked: ${failureReason(error)}.`, { cause: error });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function unpack(archive: Archive, { scratch, folder, limits, stopping }: UnpackOptions): Promise<void> {
  const write = createEntryWriter({
    target: scratch,
    archiveBytes: archive.bytes,
    limits,
    stopping,
    ...(folder !== undefined && { place: placeBelow(folder) }),
  });
  const format = await formatOf(archive.file);
  if (format === "zip") await readZip(archive, write);
  else await readTar(archive, limits, write, stopping);
}

/** Tells a tgz from a zip by how it begins (RFC 1952 §2.3.1; APPNOTE.TXT §4.3.7); names of URLs say little. */
async function formatOf(path: string): Promise<"tgz" | "zip"> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.readUInt16BE() === 0x1f8b) return "tgz";
  if (buffer.readUInt32BE() === 0x504b0304) return "zip";
  throw new BundleError("The archive is neither a gzipped tar nor a zip.");
}

/** Keeps what is in one folder below the archive's top one. */
function placeBelow(folder: string): (names: string[]) => string[] | undefined {
  const wanted = folder.split("/").filter((name) => name !== "");
  return (names) => {
    const below = names.slice(1);
    return wanted.every((name, index) => below[index] === name) ? below.slice(wanted.length) : undefined;
  };
}

async function wantedFolder(scratch: string, folder: string): Promise<string> {
  if ((await readdir(scratch)).length > 0) return scratch;
  throw new BundleError(`The repository has no folder ${JSON.stringify(folder)} with files in it at that commit.`);
}

async function contentFolder(scratch: string): Promise<string> {
  const [only, ...others] = await readdir(scratch, { withFileTypes: true });
  if (!only) throw new BundleError("The archive holds no files.");
  return others.length === 0 && only.isDirectory() ? join(scratch, only.name) : scratch;
}
