import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The first executable file of that name on a search path, as a shell finds it. */
export async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter)) {
    const candidate = join(folder, name);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}
