/** What fetching and unpacking one archive may take; bytes, milliseconds, counts. */
export const archiveLimits = {
  /** Of the archive itself. Archive and files together fit in the pod's work volume, which has 1.5 GiB. */
  archiveBytes: 256 * 1024 ** 2,
  /** Of all the files in it. */
  unpackedBytes: 1024 ** 3,
  /** How much larger than the archive its content may be: source code comes to 3 to 10, a bomb to 1000. */
  ratio: 100,
  /** Up to this size any ratio is fine: a tar of a few small files is mostly zeros. */
  freeBytes: 16 * 1024 ** 2,
  /** Files and folders. */
  entries: 100_000,
  /** Folders below one another. */
  depth: 32,
  /** Of one name, as file systems have it. */
  nameBytes: 255,
  pathBytes: 1024,
  redirects: 5,
  connectMilliseconds: 10_000,
  /** Without a byte. */
  idleMilliseconds: 30_000,
  /** From the first request to the last byte: a server that drips is never idle. */
  downloadMilliseconds: 10 * 60_000,
};
export type ArchiveLimits = typeof archiveLimits;

/** How many bytes the content of an archive of this size may have. */
export function contentBytes(archiveBytes: number, { ratio, freeBytes, unpackedBytes }: ArchiveLimits): number {
  return Math.min(unpackedBytes, Math.max(freeBytes, ratio * archiveBytes));
}
