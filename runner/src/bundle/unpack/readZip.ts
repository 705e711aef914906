import { constants } from "node:fs";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { BundleError } from "../bundleError.ts";
import type { Archive } from "../fetch/download.ts";
import type { ArchiveEntry, EntryWriter } from "./entryWriter.ts";

/** Reads a zip and hands its entries to a writer, one after the other. */
export async function readZip(archive: Archive, write: EntryWriter): Promise<void> {
  const zip = await openPromise(archive.file, { strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) await write(toArchiveEntry(zip, entry));
  } finally {
    zip.close();
  }
}

function toArchiveEntry(zip: ZipFile, entry: Entry): ArchiveEntry {
  const { fileName: path } = entry;
  // The upper half is st_mode where the archive was made on Unix, and 0 where it was not.
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & constants.S_IFMT;
  if (!entry.canDecodeFileData()) {
    throw new BundleError(
      `The archive holds ${JSON.stringify(path)} encrypted, or compressed in a way that is not known.`,
    );
  }
  const ordinary = type === 0 || type === constants.S_IFREG || type === constants.S_IFDIR;
  const kind = ordinary ? (path.endsWith("/") ? "folder" : "file") : "other";
  return { path, kind, executable: (mode & 0o111) !== 0, content: contentOf(zip, entry) };
}

/** The content of an entry; yauzl checks its size, and this its checksum. */
async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let checksum = 0;
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (checksum !== entry.crc32) {
    throw new BundleError(`The archive is damaged: ${JSON.stringify(entry.fileName)} has another checksum.`);
  }
}
