import {
  availableConnections,
  type CloudSqlInstance,
  createPool,
  missingObjects,
  type PartRole,
  privilegeProblems,
} from "@cliscale/db";
import type { Pool } from "pg";
import { requireConnections } from "../budgets.ts";
import type { Check } from "./check.ts";
import { actingAs, type Identities } from "./identities.ts";
import type { DoctorSettings } from "./settings.ts";

export interface DatabaseLogins {
  functions: Pool;
  gateway: Pool;
}

export function openDatabaseLogins(
  { functions, gatewayDatabaseUrl }: DoctorSettings,
  identities: Identities,
): DatabaseLogins {
  return {
    functions: openLogin(functions.databaseUrl, functions.cloudSql, identities.functions),
    gateway: openLogin(gatewayDatabaseUrl, functions.cloudSql, identities.gateway),
  };
}

function openLogin(
  connectionString: string,
  cloudSql: CloudSqlInstance | undefined,
  authClient: Identities[keyof Identities],
): Pool {
  return createPool({
    connectionString,
    cloudSql: cloudSql && actingAs(cloudSql, authClient),
    applicationName: "cliscale-doctor",
    max: 1,
    onError: () => undefined,
  });
}

export function postgresChecks({ functions }: DoctorSettings, logins: DatabaseLogins): Check[] {
  return [
    serverCheck(logins.functions),
    loginCheck("functions", logins.functions),
    schemaCheck(logins.functions),
    rightsCheck("functions", logins.functions),
    {
      name: "postgres: connections",
      needs: ["postgres: functions"],
      async run() {
        const available = functions.databaseConnections || (await availableConnections(logins.functions));
        requireConnections(available, functions.gatewaysMax);
        return `${available}, enough for all functions and ${functions.gatewaysMax} gateways`;
      },
      remedy: "docs/deploying.md, Connections: raise max_connections, or lower gateways and budgets",
    },
    loginCheck("gateway", logins.gateway),
    rightsCheck("gateway", logins.gateway),
  ];
}

/** Codes of PostgreSQL for who may not log in, or not there: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const refusals = /^(28|3D)/;

function serverCheck(pool: Pool): Check {
  return {
    name: "postgres: server",
    async run() {
      try {
        await pool.query("select 1");
      } catch (error) {
        if (!refusals.test(String((error as { code?: unknown }).code))) throw error;
      }
      return "answers";
    },
    remedy:
      "look at whether it runs, at the host in CLISCALE_DATABASE_URL or CLISCALE_CLOUD_SQL_INSTANCE, and at the network between you and it",
  };
}

function loginCheck(part: PartRole, pool: Pool): Check {
  return {
    name: `postgres: ${part}`,
    needs: ["postgres: server"],
    async run() {
      const { rows } = await pool.query<{ user: string }>("select session_user::text as user");
      return `logs in as ${rows[0]!.user}`;
    },
    remedy: `look at user and password in the database URL of the ${part}, and at whether that user may log in`,
  };
}

function schemaCheck(pool: Pool): Check {
  return {
    name: "postgres: schema",
    needs: ["postgres: functions"],
    async run() {
      const missing = await missingObjects(pool);
      if (missing.length > 0) throw new Error(`there is no ${missing.join(", ")}`);
      return "is migrated";
    },
    remedy: "migrate: helm upgrade does, or node gateway/src/image.ts migrate",
  };
}

function rightsCheck(part: PartRole, pool: Pool): Check {
  return {
    name: `postgres: rights of ${part}`,
    needs: [`postgres: ${part}`, "postgres: schema"],
    async run() {
      const problems = await privilegeProblems(pool, part);
      if (problems.length > 0) throw new Error(problems.join(", "));
      return "are those of its role, and no more";
    },
    remedy: `make its user a member of cliscale_${part} and of nothing else; what the role lacks comes with the migrations`,
  };
}
