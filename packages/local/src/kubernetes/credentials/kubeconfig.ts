import { writeFile } from "node:fs/promises";

export interface KubeconfigOptions {
  /** `https://127.0.0.1:8001` */
  server: string;
  /** PEM. */
  ca: string;
  user: string;
  token: string;
  namespace: string;
}

/** Writes a kubeconfig for one user, as JSON, which is YAML too. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  const { server, ca, user, token, namespace } = options;
  const cluster = "cliscale-local";
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": cluster,
    clusters: [
      { name: cluster, cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user, namespace } }],
  };
  await writeFile(path, `${JSON.stringify(kubeconfig, undefined, 2)}\n`, { mode: 0o600 });
}
