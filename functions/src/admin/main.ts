// `npm run admin -- …`: what an operator does by hand. It takes the settings of the functions from the environment; where they are
// not there it acts on the stack that `npm start` runs, whose settings are in a file of that stack's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createPool } from "@cliscale/db";
import { EnvironmentError } from "@cliscale/service/environment";
import { initializeApp } from "firebase-admin/app";
import { getAuth } from "firebase-admin/auth";
import { createCluster } from "../kubernetes/cluster.ts";
import { readSettings } from "../settings.ts";
import { type Operator, setClaims } from "./claims.ts";
import { restore, revoke } from "./revoke.ts";

const usage = `npm run admin -- revoke UID          ends the user's sessions, disables the user, and refuses new sessions at once
npm run admin -- restore UID         takes that back
npm run admin -- claims UID JSON     sets custom claims, such as {"CLISCALE_SESSIONS_PER_USER": 20}; null removes one
`;

const commands: Record<string, (operator: Operator, uid: string, argument: string | undefined) => Promise<string>> = {
  revoke,
  restore,
  claims: setClaims,
};

const stateDir = process.env["CLISCALE_STATE_DIR"] ?? join(import.meta.dirname, "../../../.cliscale");

async function main([name = "", uid = "", argument]: string[]): Promise<number> {
  const command = commands[name];
  if (!command || uid === "" || (name === "claims") !== (argument !== undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  const operator = createOperator();
  try {
    process.stdout.write(`${await command(operator, uid, argument)}\n`);
    return 0;
  } finally {
    await operator.pool.end();
  }
}

function createOperator(): Operator {
  const localSettings = join(stateDir, "admin.env");
  if (process.env["CLISCALE_DATABASE_URL"] === undefined && existsSync(localSettings))
    process.loadEnvFile(localSettings);
  const settings = readSettings(process.env);
  const pool = createPool({
    connectionString: settings.databaseUrl,
    applicationName: "cliscale-admin",
    max: 2,
    // What breaks while idle is not missed, and what breaks in use is an error there.
    onError: () => undefined,
  });
  return { pool, settings, cluster: createCluster(settings.kubernetes), auth: getAuth(initializeApp()) };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof EnvironmentError || (error instanceof Error && "code" in error);
  process.stderr.write(`${isExpected ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
