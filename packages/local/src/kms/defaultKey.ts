import type { Handlers } from "../grpc/server.ts";
import { members } from "./iam/identities.ts";
import { StatusError } from "../grpc/statusError.ts";

/** The key that signs attach tokens. */
const location = "projects/demo-cliscale/locations/us-central1";
const keyRing = `${location}/keyRings/cliscale`;
export const attachKeyName = `${keyRing}/cryptoKeys/attach`;

/** Who may do what with it, as a deployment grants it. */
const bindings = [
  { role: "roles/cloudkms.viewer", members: [members.functions, members.operator] },
  { role: "roles/cloudkms.publicKeyViewer", members: [members.functions, members.operator] },
  { role: "roles/cloudkms.signer", members: [members.functions, members.operator] },
  { role: "projects/demo-cliscale/roles/cliscaleKeyRotation", members: [members.rotation] },
  { role: "roles/cloudkms.admin", members: [members.operator] },
];

/** Grants it what a deployment does, where it has no policy. */
export async function grantAttachKey({ GetIamPolicy, SetIamPolicy }: Handlers): Promise<void> {
  const policy = (await GetIamPolicy!({ resource: attachKeyName })) as { bindings: unknown[] };
  if (policy.bindings.length === 0) await SetIamPolicy!({ resource: attachKeyName, policy: { bindings } });
}

/** Creates, where they do not exist, the key ring and key that Terraform creates in production. */
export async function createAttachKey({ CreateKeyRing, CreateCryptoKey }: Handlers): Promise<void> {
  await unlessExists(() => CreateKeyRing!({ parent: location, keyRingId: "cliscale" }));
  await unlessExists(() =>
    CreateCryptoKey!({
      parent: keyRing,
      cryptoKeyId: "attach",
      cryptoKey: {
        purpose: "ASYMMETRIC_SIGN",
        versionTemplate: { algorithm: "RSA_SIGN_PKCS1_2048_SHA256", protectionLevel: "SOFTWARE" },
      },
    }),
  );
}

async function unlessExists(create: () => Promise<object> | object): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof StatusError && error.code === "ALREADY_EXISTS")) throw error;
  }
}
