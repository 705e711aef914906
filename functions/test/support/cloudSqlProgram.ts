// Asks the database who it is that asks, as an instance of the functions does, in a process whose environment is that of Cloud Run.
import { loadDeps } from "../../src/deps.ts";

const { pool } = await loadDeps();
const { rows } = await pool.query<{ user: string }>("select session_user::text as user");
process.stdout.write(rows[0]!.user);
await pool.end();
process.exit();
