import { gzipSync } from "node:zlib";
import { type Zippable, zipSync } from "fflate";
import { Header, type types } from "tar";

type EntryType = types.EntryTypeName;

/** An entry of an archive, as hostile as a test wants it. */
export interface Entry {
  path: string;
  content?: string | Buffer;
  /** Permission bits. */
  mode?: number;
  type?: EntryType;
  linkpath?: string;
}

const blockBytes = 512;

/** A tar of these entries, written header by header: no library would make the ones that tests need. */
export function tar(entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = "", mode = 0o644, type = "File", linkpath }) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(blockBytes);
    const mtime = new Date(0);
    new Header({ path, mode, type, size: body.length, mtime, ...(linkpath && { linkpath }) }).encode(header);
    return [header, body, Buffer.alloc((blockBytes - (body.length % blockBytes)) % blockBytes)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

export function tgz(entries: Entry[]): Buffer {
  return gzipSync(tar(entries));
}

/** The type bits of st_mode that zip keeps beside the permissions. */
const zipTypes: Partial<Record<EntryType, number>> = {
  File: 0o100000,
  Directory: 0o040000,
  SymbolicLink: 0o120000,
  CharacterDevice: 0o020000,
  FIFO: 0o010000,
};

export function zip(entries: Entry[]): Buffer {
  const files: Zippable = {};
  for (const { path, content = "", mode = 0o644, type = "File", linkpath } of entries) {
    const attrs = (((zipTypes[type] ?? 0) | mode) << 16) >>> 0;
    files[path] = [Buffer.from(linkpath ?? content), { os: 3, attrs }];
  }
  return Buffer.from(zipSync(files));
}
