import { BundleError } from "../bundleError.ts";
import type { ArchiveLimits } from "../limits.ts";

/**
 * The names that an entry's path is made of; none for the archive's own root, which tar calls `./`.
 * @throws BundleError for a path that leads out of the folder it is unpacked to, or that not every system can have.
 */
export function entryNames(path: string, { depth, nameBytes, pathBytes }: ArchiveLimits): string[] {
  const refuse = (why: string) => new BundleError(`The archive holds a path that ${why}: ${JSON.stringify(path)}.`);
  if (/\p{Cc}/u.test(path)) throw refuse("has control characters");
  if (path.includes("\\")) throw refuse("has a backslash");
  if (path.startsWith("/") || /^[a-z]:/i.test(path)) throw refuse("is absolute");
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw refuse("leads out of its folder");
  if (names.length > depth) throw refuse(`is more than ${depth} folders deep`);
  if (Buffer.byteLength(path) > pathBytes || names.some((name) => Buffer.byteLength(name) > nameBytes)) {
    throw refuse("is too long");
  }
  return names;
}

/** The same for two paths that are one file where case, or the way that accents are encoded, does not count. */
export function foldedPath(names: string[]): string {
  return names.join("/").normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}
