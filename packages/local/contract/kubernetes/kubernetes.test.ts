// Runs against the stand-in, or against the cluster of CLISCALE_CONTRACT_KUBECONFIG, in CLISCALE_CONTRACT_NAMESPACE (default
// `default`) and with pods of CLISCALE_CONTRACT_IMAGE (default node:24-alpine; it needs `sh` and `node`).
import { after, before, suite, test } from "node:test";
import { type KubernetesSubject, openCluster, openStandIn } from "./subject.ts";
import { kubernetesContract } from "./suite.ts";

const kubeconfig = process.env["CLISCALE_CONTRACT_KUBECONFIG"];

suite("what we rely on Kubernetes for", { concurrency: 8 }, () => {
  let subject: KubernetesSubject;

  before(async () => {
    subject = kubeconfig ? openCluster(kubeconfig) : await openStandIn();
  });
  after(() => subject.close());

  for (const { name, check, skip } of kubernetesContract) {
    test(name, { timeout: 300_000 }, async (context) => {
      const reason = skip?.(subject);
      if (reason) context.skip(reason);
      else await check(subject);
    });
  }
});
