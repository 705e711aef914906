import type { CreateSessionInput } from "@cliscale/protocol";

export interface Variable {
  name: string;
  value: string;
}

/** What the form of a start holds, as it stands in its fields. */
export interface StartFields {
  source: string;
  sha256: string;
  command: string;
  variables: Variable[];
  /** In seconds; undefined for the service's default. */
  lifetimeSeconds: number | undefined;
}

export type StartRequest = Omit<CreateSessionInput, "requestId" | "idleSeconds">;

/** The request that the fields stand for. Variables without a value are not set. */
export function requestOf({ source, sha256, command, variables, lifetimeSeconds }: StartFields): StartRequest {
  const set = variables.filter(({ value }) => value !== "");
  return {
    bundle: { source: source.trim(), ...(needsDigest(source) && sha256.trim() !== "" && { sha256: sha256.trim() }) },
    ...(command.trim() !== "" && { command }),
    ...(set.length > 0 && { env: Object.fromEntries(set.map(({ name, value }) => [name.trim(), value])) }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
  };
}

/** Only what comes from the open web has a hash of its own. */
export function needsDigest(source: string): boolean {
  return source.trim().startsWith("https:");
}
