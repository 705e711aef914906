import { KeyManagementServiceClient } from "@google-cloud/kms";
import { callOptionsOf, grpcClientOptions } from "../grpcEndpoint.ts";
import { createKmsSigner, type SignerOptions } from "../tokens/signer.ts";
import { requireAnswer } from "./answers.ts";
import type { Check } from "./check.ts";
import { actingAs, type Identities } from "./identities.ts";
import type { DoctorSettings } from "./settings.ts";

const callMilliseconds = 5_000;
const permissionOf = (verb: string) => `cloudkms.cryptoKeyVersions.${verb}`;
const changing = ["create", "update", "destroy", "restore"].map(permissionOf);

export interface KeyClients {
  functions: KeyManagementServiceClient;
  rotation: KeyManagementServiceClient;
}

/** Who speaks to Cloud KMS, as each of the two that do. */
function optionsOf({ functions }: DoctorSettings, identities: Identities): Record<keyof KeyClients, SignerOptions> {
  return {
    functions: actingAs(functions.signingKey, identities.functions),
    rotation: actingAs(functions.rotation, identities.rotation),
  };
}

export function openKeyClients(settings: DoctorSettings, identities: Identities): KeyClients {
  const options = optionsOf(settings, identities);
  return {
    functions: new KeyManagementServiceClient(grpcClientOptions(options.functions)),
    rotation: new KeyManagementServiceClient(grpcClientOptions(options.rotation)),
  };
}

export function kmsChecks(settings: DoctorSettings, identities: Identities, clients: KeyClients): Check[] {
  const { key } = settings.functions.signingKey;
  const { functions, rotation } = settings.serviceAccounts;
  const options = optionsOf(settings, identities);
  const callOptions = {
    functions: callOptionsOf(options.functions, callMilliseconds),
    rotation: callOptionsOf(options.rotation, callMilliseconds),
  };

  async function enabledVersions(): Promise<string[]> {
    const [versions] = await clients.functions.listCryptoKeyVersions({ parent: key }, callOptions.functions());
    return versions.filter(({ state }) => state === "ENABLED").map(({ name }) => name!);
  }

  /** Those of the permissions that a part has. */
  async function granted(part: keyof KeyClients, permissions: string[]): Promise<string[]> {
    // The type asks for the message's class, and its fields are enough.
    const request = { resource: key, permissions } as Parameters<KeyManagementServiceClient["testIamPermissions"]>[0];
    const [answer] = await clients[part].testIamPermissions(request, callOptions[part]());
    return answer.permissions;
  }

  return [
    {
      name: "kms: service",
      needs: ["identity: functions"],
      async run() {
        await requireAnswer(() => granted("functions", []));
        return "answers";
      },
      remedy: "enable Cloud KMS (cloudkms.googleapis.com); look at CLISCALE_KMS_ENDPOINT and the network",
    },
    {
      name: "kms: versions",
      needs: ["kms: service"],
      async run() {
        const names = await enabledVersions();
        if (names.length === 0) throw new Error("no version of the key is enabled");
        return `${names.length} enabled`;
      },
      remedy: `create ${key} with a version, and grant ${functions} roles/cloudkms.viewer on it`,
    },
    {
      name: "kms: public keys",
      needs: ["kms: versions"],
      async run() {
        for (const name of await enabledVersions()) {
          const [{ algorithm }] = await clients.functions.getPublicKey({ name }, callOptions.functions());
          if (!/^RSA_SIGN_PKCS1_(2048|3072|4096)_SHA256$/.test(String(algorithm))) {
            throw new Error(`${name} is of the algorithm ${algorithm}, which no gateway takes`);
          }
        }
        return "are readable";
      },
      remedy: `grant ${functions} roles/cloudkms.publicKeyViewer on the key, which must be of RSA_SIGN_PKCS1_2048_SHA256 or stronger`,
    },
    {
      name: "kms: signing",
      needs: ["kms: public keys"],
      async run() {
        const { kid } = await createKmsSigner(options.functions).sign(() => "cliscale doctor");
        return `the key ${kid} signs`;
      },
      remedy: `grant ${functions} roles/cloudkms.signer on the key`,
    },
    {
      name: "kms: functions change nothing",
      needs: ["kms: versions"],
      async run() {
        const tooMuch = await granted("functions", changing);
        if (tooMuch.length > 0) throw new Error(`the functions have ${tooMuch.join(", ")}`);
        return "only the rotation may";
      },
      remedy: `take from ${functions} the roles that hold these permissions`,
    },
    {
      name: "kms: rotation",
      needs: ["identity: rotation", "kms: service"],
      async run() {
        const wanted = ["list", "create", "update", "destroy"].map(permissionOf);
        const has = await granted("rotation", wanted);
        const lacking = wanted.filter((permission) => !has.includes(permission));
        if (lacking.length > 0) throw new Error(`the rotation lacks ${lacking.join(", ")}`);
        return "may create, disable and destroy versions";
      },
      remedy: `grant ${rotation} a role with these permissions on the key`,
    },
  ];
}
