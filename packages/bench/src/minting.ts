// What an attach token costs beside the signature itself: `mintAttach`, which signs, verifies and puts the token on the list, against a
// bare round trip to Cloud KMS. Both speak to the stand-in, so that the ratio says what our own code adds, and not what Google takes.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool } from "@cliscale/db";
import { startKms } from "@cliscale/local/kms";
import { startTestDatabase } from "@cliscale/local/testing";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import type { Deps } from "../../../functions/src/deps.ts";
import { grpcClientOptions } from "../../../functions/src/grpcEndpoint.ts";
import { mintAttach } from "../../../functions/src/tokens/attachToken.ts";
import { createKmsSigner } from "../../../functions/src/tokens/signer.ts";
import { sessionRow } from "../../../functions/test/support/sessionRow.ts";
import { keepResult, machine, median, round } from "./results.ts";

const key = "projects/demo-cliscale/locations/us-central1/keyRings/cliscale/cryptoKeys/attach";
const rounds = 5;
const signaturesPerRound = 200;
const concurrencies = [1, 16];

process.env["METADATA_SERVER_DETECTION"] = "none";
const folder = await mkdtemp(join(tmpdir(), "cliscale-minting-"));
const [kms, database] = await Promise.all([startKms({ port: 0, stateDir: folder }), startTestDatabase()]);
const endpoint = `http://127.0.0.1:${kms.port}`;
const client = new KeyManagementServiceClient(grpcClientOptions({ endpoint }));
const pool = createPool({ connectionString: database.url, applicationName: "bench", max: 3, onError: () => undefined });
const deps = {
  pool,
  signer: createKmsSigner({ key, endpoint }),
  settings: { tokenIssuer: "https://cliscale.test", gatewayUrl: "wss://gateway.test" },
} as unknown as Deps;
const session = sessionRow();

const bare = () => client.asymmetricSign({ name: `${key}/cryptoKeyVersions/1`, digest: { sha256: randomBytes(32) } });
const mint = () => mintAttach(deps, session);

try {
  const results = [];
  for (const concurrency of concurrencies) {
    const ratios: number[] = [];
    const milliseconds: Record<"bare" | "mint", number[]> = { bare: [], mint: [] };
    // The first round warms up. Both run in turn, so that what else the machine does hits both.
    for (let count = 0; count <= rounds; count += 1) {
      const [bareTook, mintTook] = [await time(bare, concurrency), await time(mint, concurrency)];
      if (count === 0) continue;
      milliseconds.bare.push(bareTook);
      milliseconds.mint.push(mintTook);
      ratios.push(mintTook / bareTook);
    }
    results.push({
      concurrency,
      bareMilliseconds: round(median(milliseconds.bare)),
      mintMilliseconds: round(median(milliseconds.mint)),
      mintToBare: round(median(ratios)),
    });
  }
  await keepResult("minting", {
    scenario: "minting an attach token, against a bare signature of the Cloud KMS stand-in",
    machine: machine(),
    rounds,
    signaturesPerRound,
    results,
  });
} finally {
  await Promise.all([client.close(), pool.end(), kms.stop()]);
  await database.remove();
  await rm(folder, { recursive: true });
}

/** Milliseconds that one takes on average, so many of them at a time. */
async function time(work: () => Promise<unknown>, concurrency: number): Promise<number> {
  const begun = performance.now();
  let left = signaturesPerRound;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (performance.now() - begun) / signaturesPerRound;
}
