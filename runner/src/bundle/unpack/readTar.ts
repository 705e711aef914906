import { createReadStream } from "node:fs";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Parser, type ReadEntry } from "tar";
import { BundleError } from "../bundleError.ts";
import type { Archive } from "../fetch/download.ts";
import type { ArchiveLimits } from "../limits.ts";
import type { ArchiveEntry, EntryWriter } from "./entryWriter.ts";

// The names of https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 in the `tar` package.
const kinds: Readonly<Record<string, ArchiveEntry["kind"]>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "folder",
};

/** Reads a tar, gzipped or not, and hands its entries to a writer, one after the other. */
export async function readTar(archive: Archive, limits: ArchiveLimits, write: EntryWriter, stopping: AbortSignal) {
  const parser = new Parser({
    strict: true,
    maxDecompressionRatio: Math.max(limits.ratio, limits.freeBytes / archive.bytes),
  });
  let written = Promise.resolve();
  let content = new PassThrough();
  let failed = false;
  const take = (entry: ReadEntry) => {
    // Read in its turn, so that the parser waits for it. An entry of a parser that has failed never ends, and does not
    // tell; a stream of Node's can be made to.
    written = written.then(() => {
      if (failed) return undefined;
      content = entry.pipe(new PassThrough());
      return write(toArchiveEntry(entry, content));
    });
    // Thrown in a listener it would end the process.
    written.catch((error: Error) => parser.abort(error));
  };
  // Beside the pipeline's own: what comes after the first error must not end the process.
  parser.on("error", () => {});
  parser.on("entry", take);
  // What the parser does not know, it would pass over.
  parser.on("ignoredEntry", take);
  try {
    await pipeline(createReadStream(archive.file), parser as unknown as NodeJS.WritableStream, { signal: stopping });
  } catch (error) {
    failed = true;
    content.destroy();
    await written.catch(rethrowBundleError);
    throw error;
  }
  await written;
}

/** What the writer has against an entry says more than that the parser was stopped for it. */
function rethrowBundleError(error: unknown): void {
  if (error instanceof BundleError) throw error;
}

function toArchiveEntry(entry: ReadEntry, content: PassThrough): ArchiveEntry {
  const kind = kinds[entry.type] ?? "other";
  return { path: entry.path, kind, executable: ((entry.mode ?? 0) & 0o111) !== 0, content };
}
