import type { Logger } from "@cliscale/service";
import type { Handlers } from "../grpc/server.ts";
import { type Generation, createGeneration } from "./generation.ts";
import { cryptoKeyHandlers } from "./cryptoKeys.ts";
import { cryptoKeyVersionHandlers } from "./cryptoKeyVersions.ts";
import { enforce, policyHandlers } from "./iam/policy.ts";
import { keyRingHandlers } from "./keyRings.ts";
import type { Kms } from "./kms.ts";
import { signingHandlers } from "./signing.ts";
import { openKmsState } from "./state.ts";

export interface KeyManagementServiceOptions {
  /** Keys live in its folder `kms`. */
  stateDir: string;
  now?: (() => Date) | undefined;
  logger?: Logger | undefined;
}

export interface KeyManagementService {
  handlers: Handlers;
  /** Those of google.iam.v1.IAMPolicy. */
  policies: Handlers;
  /** Both, for callers that are known, by the policies of keys. */
  guarded: { handlers: Handlers; policyHandlers: Handlers };
  /** Resolves when no key is being generated and the state on disk is complete. */
  settled: Generation["settled"];
}

/** The modelled part of google.cloud.kms.v1.KeyManagementService, without its network. */
export async function createKeyManagementService({
  stateDir,
  now = () => new Date(),
  logger,
}: KeyManagementServiceOptions): Promise<KeyManagementService> {
  const file = await openKmsState(stateDir);
  const generation = createGeneration(file, now, logger);
  const kms: Kms = { file, now, generate: generation.start };
  const handlers: Handlers = {
    ...keyRingHandlers(kms),
    ...cryptoKeyHandlers(kms),
    ...cryptoKeyVersionHandlers(kms),
    ...signingHandlers(kms),
  };
  const current = afterDestruction(kms, handlers);
  const policies = policyHandlers(kms);
  const guarded = { handlers: enforce(kms, current), policyHandlers: enforce(kms, policies) };
  return { handlers: current, policies, guarded, settled: generation.settled };
}

/** Before each call what is due is destroyed, so that no call sees a version longer than it has. */
function afterDestruction(kms: Kms, handlers: Handlers): Handlers {
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handler]) => [
      method,
      async (request: unknown, member?: string) => {
        await destroyDue(kms);
        return handler(request, member);
      },
    ]),
  );
}

async function destroyDue({ file, now }: Kms): Promise<void> {
  const time = now().toISOString();
  const due = Object.values(file.state.versions)
    .filter(({ state, destroyTime }) => state === "DESTROY_SCHEDULED" && destroyTime! <= time)
    .map(({ name }) => name);
  if (due.length === 0) return;
  await file.update(({ versions }) => {
    for (const name of due) {
      const version = versions[name];
      // It may have been restored or destroyed since.
      if (version?.state !== "DESTROY_SCHEDULED") continue;
      version.state = "DESTROYED";
      version.destroyEventTime = version.destroyTime;
      delete version.key;
    }
  });
}
