import type { Client } from "pg";

/** Everything of the schema `public` that statements can tell: tables, columns, constraints, indexes, functions, grants, roles. */
export async function describeSchema(client: Client): Promise<unknown> {
  const { rows } = await client.query(`
    select jsonb_build_object(
      'columns', (
        select jsonb_agg(jsonb_build_array(
          table_name, column_name, data_type, is_nullable, column_default
        ) order by table_name, column_name)
        from information_schema.columns where table_schema = 'public'
      ),
      'constraints', (
        select jsonb_agg(jsonb_build_array(conrelid::regclass, conname, pg_get_constraintdef(oid)) order by conrelid::regclass::text, conname)
        from pg_constraint where connamespace = 'public'::regnamespace
      ),
      'relations', (
        select jsonb_agg(jsonb_build_array(
          relname, relkind, relpersistence, relowner::regrole, coalesce(relacl, acldefault('r', relowner))::text, pg_get_indexdef(oid)
        ) order by relname)
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i', 'S', 'v')
      ),
      'grants', (
        select jsonb_agg(jsonb_build_array(attrelid::regclass, attname, attacl::text) order by attrelid::regclass::text, attname)
        from pg_attribute join pg_class c on c.oid = attrelid
        where relnamespace = 'public'::regnamespace and attacl is not null
      ),
      'functions', (
        select jsonb_agg(jsonb_build_array(proname, proowner::regrole, pg_get_functiondef(oid)) order by proname)
        from pg_proc where pronamespace = 'public'::regnamespace
      ),
      'triggers', (
        select jsonb_agg(pg_get_triggerdef(oid) order by tgname) from pg_trigger where not tgisinternal
      ),
      'roles', (select jsonb_agg(rolname order by rolname) from pg_roles where rolname like 'cliscale_%')
    ) as schema`);
  return rows[0].schema;
}

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

/** The tables that programs use, with their columns. */
export async function readTables(client: Client): Promise<Map<string, Column[]>> {
  const { rows } = await client.query<{ table_name: string; columns: Column[] }>(`
    select table_name,
      jsonb_agg(jsonb_build_object('name', column_name, 'type', data_type, 'nullable', is_nullable = 'YES')
        order by ordinal_position) as columns
    from information_schema.columns
    where table_schema = 'public' and table_name not like 'knex_%'
    group by table_name`);
  return new Map(rows.map(({ table_name, columns }) => [table_name, columns]));
}
