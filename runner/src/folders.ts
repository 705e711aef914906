import { mkdir } from "node:fs/promises";
import { join } from "node:path";

export interface Folders {
  /** Where the bundle is put and the command runs. */
  work: string;
  /** The command's home. */
  home: string;
  /** npm's home and cache while it installs. */
  npm: string;
  /** An archive and its files, until they are in place. */
  scratch: string;
}

/** Creates the session's folders in the one that is writable. */
export async function createFolders(root: string): Promise<Folders> {
  const folders = {
    work: join(root, "work"),
    home: join(root, "home"),
    npm: join(root, "npm"),
    scratch: join(root, "scratch"),
  };
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { recursive: true })));
  return folders;
}
