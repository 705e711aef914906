// `npm run check`: types, lint and format of the whole repository, and whether the API reference and the
// page's policy are current; every one is run, whatever the others say.
import { run } from "./repository.ts";

const checks: [program: string, ...args: string[]][] = [
  ["tsc", "--project", "."],
  ["oxlint", "--type-aware"],
  ["oxfmt", "--check", "."],
  [process.execPath, "packages/protocol/reference/main.ts", "--check"],
  [process.execPath, "hosting/headers/check.ts"],
];

for (const [program, ...args] of checks) {
  const code = await run(program, args);
  if (code !== 0) {
    process.stderr.write(`cliscale: ${program} failed\n`);
    process.exitCode = 1;
  }
}
