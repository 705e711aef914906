import type { StartFields } from "./startFields.ts";

/** Variables that a link can ask for. */
const maximumVariables = 20;

/** The address that fills the form in: everything but the values of variables, which may be secret. */
export function linkTo({ source, sha256, command, variables, lifetimeSeconds }: StartFields): string {
  const link = new URLSearchParams({ source });
  if (sha256 !== "") link.set("sha256", sha256);
  if (command !== "") link.set("command", command);
  if (lifetimeSeconds !== undefined) link.set("lifetimeSeconds", String(lifetimeSeconds));
  for (const { name } of variables) if (name !== "") link.append("env", name);
  // Behind the #, which a browser keeps to itself: no server's log has it.
  return `${location.origin}${location.pathname}#/start?${link}`;
}

/** What a link fills in. Whatever it says is only text in fields, checked there as if it had been typed. */
export function fieldsOfLink(link: URLSearchParams): StartFields {
  const text = (name: string) => link.get(name) ?? "";
  const lifetimeSeconds = Number(text("lifetimeSeconds"));
  return {
    source: text("source"),
    sha256: text("sha256"),
    command: text("command"),
    variables: link
      .getAll("env")
      .slice(0, maximumVariables)
      .map((name) => ({ name, value: "" })),
    lifetimeSeconds: Number.isSafeInteger(lifetimeSeconds) && lifetimeSeconds > 0 ? lifetimeSeconds : undefined,
  };
}
