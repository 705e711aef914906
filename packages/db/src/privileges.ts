import type { Pool } from "pg";

/** The parts of the product that have a role of their own, `cliscale_PART`. */
export type PartRole = "functions" | "gateway";

interface Privilege {
  /** A table, or a function with the types of its arguments. */
  object: string;
  privileges: readonly string[];
  /** Of a table, where the privilege is not on all of them. */
  columns?: readonly string[];
}

/** What the queries of each part need; the migrations grant it. */
const needed: Record<PartRole, readonly Privilege[]> = {
  functions: [
    { object: "sessions", privileges: ["select", "insert", "update", "delete"] },
    { object: "token_jti", privileges: ["select", "insert", "delete"] },
    { object: "token_jti", privileges: ["update"], columns: ["kid"] },
    { object: "revoked_users", privileges: ["select", "insert", "delete"] },
    { object: "audit_events", privileges: ["insert"], columns: ["action", "actor", "owner_uid", "session_id"] },
    { object: "gateways", privileges: ["select", "delete"] },
    { object: "gateways", privileges: ["update"], columns: ["silent_since", "silent_at"] },
    ...["session_usage(text,integer)", "start_queued_sessions(integer,integer)", "revoke_user(text)"].map((object) => ({
      object,
      privileges: ["execute"],
    })),
  ],
  gateway: [
    {
      object: "sessions",
      privileges: ["select"],
      columns: ["id", "owner_uid", "state", "end_reason", "terminal", "pod_ip", "pod_secret", "expires_at"],
    },
    {
      object: "sessions",
      privileges: ["select", "update"],
      columns: ["last_attach_at", "last_input_at", "last_output_at", "last_active_at"],
    },
    {
      object: "token_jti",
      privileges: ["select"],
      columns: ["jti", "session_id", "owner_uid", "expires_at", "consumed_at"],
    },
    { object: "token_jti", privileges: ["update"], columns: ["consumed_at"] },
    { object: "gateways", privileges: ["select", "insert", "delete"] },
    { object: "gateways", privileges: ["update"], columns: ["reported_at", "covered_until", "silent_since"] },
  ],
};

const isFunction = (object: string) => object.endsWith(")");

/** Tables and functions that the newest schema has and this database has not. */
export async function missingObjects(pool: Pool): Promise<string[]> {
  const objects = [...new Set(Object.values(needed).flatMap((each) => each.map(({ object }) => object)))];
  const { rows } = await pool.query<{ object: string }>(
    `select object from unnest($1::text[]) object
     where case when object like '%)' then to_regprocedure(object) is null else to_regclass(object) is null end`,
    [objects],
  );
  return rows.map(({ object }) => object);
}

/** What the user of this pool lacks, or has too much of, to be this part: a phrase each. All objects must be there. */
export async function privilegeProblems(pool: Pool, part: PartRole): Promise<string[]> {
  const asked = needed[part].flatMap(({ object, privileges, columns = [null] }) =>
    privileges.flatMap((privilege) =>
      columns.map((column) => ({ object, column, privilege, kind: isFunction(object) ? "function" : "table" })),
    ),
  );
  const { rows: lacking } = await pool.query<{ phrase: string }>(
    `select concat('may not ', privilege, ' ', object, '.' || "column") as phrase
     from jsonb_to_recordset($1::jsonb) as asked(kind text, object text, "column" text, privilege text)
     where not case
       when kind = 'function' then has_function_privilege(object, privilege)
       when "column" is null then has_table_privilege(object, privilege)
       else has_column_privilege(object, "column", privilege)
     end`,
    [JSON.stringify(asked)],
  );
  const other = part === "functions" ? "gateway" : "functions";
  const { rows: tooMuch } = await pool.query<{ phrase: string }>(
    `select phrase from (
       values ('is a superuser', (select rolsuper from pg_roles where rolname = current_user)),
              ('may create roles', (select rolcreaterole from pg_roles where rolname = current_user)),
              ('is a member of cliscale_migration', pg_has_role('cliscale_migration', 'member')),
              ('is a member of cliscale_${other}', pg_has_role('cliscale_${other}', 'member'))
     ) as rights (phrase, granted)
     where granted`,
  );
  return [...lacking, ...tooMuch].map(({ phrase }) => phrase);
}
