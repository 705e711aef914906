// `npm run admin -- …`: what an operator does by hand. It takes the settings of the functions from the environment; where they are
// not there it acts on the stack that `npm start` runs, whose settings are in a file of that stack's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setClaims } from "./claims.ts";
import { closeOperator, createOperator, type Operator } from "./operator.ts";
import { restore, revoke } from "./revoke.ts";
import { revokeKey } from "./revokeKey.ts";

const usage = `npm run admin -- revoke UID          ends the user's sessions, disables the user, and refuses new sessions at once
npm run admin -- restore UID         takes that back
npm run admin -- claims UID JSON     sets custom claims, such as {"CLISCALE_SESSIONS_PER_USER": 20}; null removes one
npm run admin -- revoke-key KID      disables a compromised signing key, and deletes its tokens that nobody has used
`;

const commands: Record<string, (operator: Operator, subject: string, argument: string | undefined) => Promise<string>> =
  {
    revoke,
    restore,
    claims: setClaims,
    "revoke-key": revokeKey,
  };

const stateDir = process.env["CLISCALE_STATE_DIR"] ?? join(import.meta.dirname, "../../../.cliscale");

async function main([name = "", subject = "", argument]: string[]): Promise<number> {
  const command = commands[name];
  if (!command || subject === "" || (name === "claims") !== (argument !== undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  loadLocalSettings();
  const operator = createOperator(process.env);
  try {
    process.stdout.write(`${await command(operator, subject, argument)}\n`);
    return 0;
  } finally {
    await closeOperator(operator);
  }
}

function loadLocalSettings(): void {
  const file = join(stateDir, "admin.env");
  if (process.env["CLISCALE_DATABASE_URL"] === undefined && existsSync(file)) process.loadEnvFile(file);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
