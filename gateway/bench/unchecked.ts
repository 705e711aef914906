// The gateway without its token check: whoever asks is attached to the pod at POD_IP. Only for measuring what the check costs.
import { createLogger } from "@cliscale/service";
import { Pool } from "pg";
import type { Upgrade } from "../src/attach.ts";
import { acceptClient } from "../src/client/accept.ts";
import { Departure } from "../src/client/departure.ts";
import { defaultDeadlines } from "../src/deadlines.ts";
import { networks } from "../src/env.ts";
import { createMetrics } from "../src/metrics.ts";
import { dialPod } from "../src/pod/dial.ts";
import { createPublicServer } from "../src/publicServer.ts";
import { Splice, type SpliceHost, startSplice } from "../src/splice/splice.ts";

const { POD_IP: podIp = "", POD_SECRET: podSecret = "", CLISCALE_POD_RANGE, PORT } = process.env;
const podRange = networks.parse(CLISCALE_POD_RANGE);
const target = { podIp, podSecret, terminal: "runner" } as const;
const identity = { sessionId: "none", ownerUid: "nobody", jti: "none" };
const open = new Set<Splice>();
const metrics = createMetrics({
  openSockets: () => open.size,
  pendingHandshakes: () => 0,
  isDraining: () => false,
  keysAgeMilliseconds: () => 0,
  activityAgeMilliseconds: () => 0,
  pool: new Pool(),
});
const host: SpliceHost = {
  closeMilliseconds: defaultDeadlines.close,
  traffic: metrics.traffic,
  explainLoss: async () => ({ code: 4503, reason: "the terminal's pod is gone" }),
  spliceEnded: (splice) => void open.delete(splice),
};

async function attach({ handshake, client, head }: Upgrade): Promise<void> {
  using departure = new Departure(client);
  try {
    const pod = await dialPod(target, { podRange, ttydAllowed: false, milliseconds: defaultDeadlines.pod, departure });
    acceptClient(client, handshake.key, head);
    const splice = new Splice(client, pod, identity, host);
    open.add(splice);
    startSplice(splice);
    metrics.attachFinished("attached");
  } catch {
    client.destroy();
  }
}

createPublicServer({
  proxyHops: 0,
  headersMilliseconds: defaultDeadlines.headers,
  waitingConnections: 4096,
  logger: createLogger("unchecked"),
  metrics,
  onUpgrade: attach,
}).listen(Number(PORT), "127.0.0.1");
