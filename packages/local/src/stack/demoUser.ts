import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { demoEmail } from "../settings.ts";

/** Makes sure that the demo user exists; returns its password, which is made at the first start and kept in `file`. */
export async function ensureDemoUser(authUrl: string, file: string): Promise<string> {
  const password = await readFile(file, "utf8").catch(() => undefined);
  if (password && (await call("signInWithPassword", password)).ok) return password;

  const fresh = password ?? randomBytes(12).toString("base64url");
  const answer = await call("signUp", fresh);
  if (!answer.ok) throw new Error(`the Auth emulator did not make the demo user: ${await answer.text()}`);
  await writeFile(file, fresh, { mode: 0o600 });
  return fresh;

  function call(method: string, secret: string): Promise<Response> {
    return fetch(`${authUrl}/identitytoolkit.googleapis.com/v1/accounts:${method}?key=demo`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: demoEmail, password: secret, returnSecureToken: true }),
    });
  }
}
