// `npm run doctor`: what is ill in a deployment, and what to do about it. Like `npm run admin` it takes the settings from the
// environment; where they are not there it looks at the stack that `npm start` runs, whose settings are in a file of that stack's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./check.ts";
import { examine } from "./doctor.ts";

const usage = `npm run doctor                 checks everything that a deployment depends on
npm run doctor -- --repair     also resumes and runs what is scheduled, where that has stopped
`;
const nameWidth = 30;

async function main(args: string[]): Promise<number> {
  const repair = args[0] === "--repair";
  if (args.length > (repair ? 1 : 0)) {
    process.stderr.write(usage);
    return 2;
  }
  loadLocalSettings();
  const findings = await examine(process.env, { repair, onFinding: print });
  const failed = findings.filter(({ outcome }) => outcome === "failed").length;
  process.stdout.write(failed === 0 ? "all is well\n" : `failed: ${failed}\n`);
  return failed === 0 ? 0 : 1;
}

function print({ name, outcome, text, remedy }: Finding): void {
  const line = outcome === "not checked" ? `not checked: ${text}` : `${outcome === "ok" ? "ok" : "FAILED"}  ${text}`;
  process.stdout.write(`${name.padEnd(nameWidth)}  ${line}\n`);
  if (remedy) process.stdout.write(`${" ".repeat(nameWidth)}  what to do: ${remedy}\n`);
}

function loadLocalSettings(): void {
  const stateDir = process.env["CLISCALE_STATE_DIR"] ?? join(import.meta.dirname, "../../../.cliscale");
  const file = join(stateDir, "doctor.env");
  if (process.env["CLISCALE_DATABASE_URL"] === undefined && existsSync(file)) process.loadEnvFile(file);
}

process.exitCode = await main(process.argv.slice(2));
