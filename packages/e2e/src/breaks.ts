import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { KeyManagementServiceClient } from "@google-cloud/kms";
import { credentials } from "@grpc/grpc-js";
import type { V1PolicyRule } from "@kubernetes/client-node";
import { attachKeyName } from "../../local/src/kms/defaultKey.ts";
import { namespace } from "./cluster.ts";
import type { World } from "./world.ts";

/** Something to break in a running stack, and how to mend it. What it works on is there when it is broken, and not before. */
export interface Break {
  break: () => Promise<unknown>;
  mend: () => Promise<unknown>;
}

/** Options of a client of a stand-in, as who runs it. */
export function standInAt(port: number) {
  return { apiEndpoint: "127.0.0.1", port, sslCreds: credentials.createInsecure() };
}

/** Takes a role on the signing key from a member. */
export function takingRole(kms: () => KeyManagementServiceClient, role: string, member: string): Break {
  return {
    break: () => bind(kms(), role, (members) => members.filter((each) => each !== member)),
    mend: () => bind(kms(), role, (members) => [...members, member]),
  };
}

async function bind(kms: KeyManagementServiceClient, role: string, change: (members: string[]) => string[]) {
  const [{ bindings }] = await kms.getIamPolicy(message({ resource: attachKeyName }));
  const changed = bindings.map((each) => ({
    role: each.role,
    members: each.role === role ? change(each.members ?? []) : each.members,
  }));
  await kms.setIamPolicy(message({ resource: attachKeyName, policy: { bindings: changed } }));
}

/** The clients' types ask for the class of a message, and take what has its fields. */
function message(fields: object) {
  return fields as never;
}

/** Changes the rules of the functions' Role in the cluster. */
export function ruling(world: () => World, change: (rules: V1PolicyRule[]) => V1PolicyRule[]): Break {
  const at = { namespace, name: "cliscale-functions" };
  let original: V1PolicyRule[] = [];
  const replace = async (rulesOf: (rules: V1PolicyRule[]) => V1PolicyRule[]) => {
    const { rbac } = world().cluster;
    const role = await rbac.readNamespacedRole(at);
    const rules = role.rules ?? [];
    role.rules = rulesOf(rules);
    await rbac.replaceNamespacedRole({ ...at, body: role });
    return rules;
  };
  return {
    async break() {
      original = await replace(change);
    },
    mend: () => replace(() => original),
  };
}

/** Takes a verb on a resource from the functions' Role. */
export function forbidding(world: () => World, verb: string, resource: string): Break {
  return ruling(world, (rules) =>
    rules.map(({ apiGroups, resources, verbs }) => ({
      ...(apiGroups && { apiGroups }),
      ...(resources && { resources }),
      verbs: resources?.includes(resource) ? verbs.filter((each) => each !== verb) : verbs,
    })),
  );
}

/** The web terminal, but for one path that answers 503. */
export async function hostingWithout(hostingUrl: string, path: string): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const answer = async () => {
      if (request.url === path) return response.writeHead(503).end("gone");
      const found = await fetch(`${hostingUrl}${request.url}`);
      return response.writeHead(found.status).end(await found.text());
    };
    void answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
