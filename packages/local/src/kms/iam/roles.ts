/** Permissions of roles, as far as they are about what is modelled: https://cloud.google.com/kms/docs/reference/permissions-and-roles */
const keyVersions = "cloudkms.cryptoKeyVersions";

export const roles: Record<string, readonly string[]> = {
  "roles/cloudkms.viewer": [
    "cloudkms.keyRings.get",
    "cloudkms.keyRings.list",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.list",
    `${keyVersions}.get`,
    `${keyVersions}.list`,
  ],
  "roles/cloudkms.publicKeyViewer": [`${keyVersions}.viewPublicKey`],
  "roles/cloudkms.signer": [`${keyVersions}.useToSign`],
  "roles/cloudkms.admin": [
    ...["create", "get", "list", "getIamPolicy", "setIamPolicy"].map((verb) => `cloudkms.keyRings.${verb}`),
    ...["create", "get", "list", "update", "getIamPolicy", "setIamPolicy"].map((verb) => `cloudkms.cryptoKeys.${verb}`),
    ...["create", "destroy", "get", "list", "restore", "update"].map((verb) => `${keyVersions}.${verb}`),
  ],
  // A custom role, as a deployment makes it for the rotation.
  "projects/demo-cliscale/roles/cliscaleKeyRotation": ["create", "destroy", "list", "update"].map(
    (verb) => `${keyVersions}.${verb}`,
  ),
};

/** The permission that each method needs, and which field of its request names what it is needed on. */
export const permissions: Record<string, { permission: string; field: string }> = {
  CreateKeyRing: { permission: "cloudkms.keyRings.create", field: "parent" },
  GetKeyRing: { permission: "cloudkms.keyRings.get", field: "name" },
  ListKeyRings: { permission: "cloudkms.keyRings.list", field: "parent" },
  CreateCryptoKey: { permission: "cloudkms.cryptoKeys.create", field: "parent" },
  GetCryptoKey: { permission: "cloudkms.cryptoKeys.get", field: "name" },
  ListCryptoKeys: { permission: "cloudkms.cryptoKeys.list", field: "parent" },
  CreateCryptoKeyVersion: { permission: `${keyVersions}.create`, field: "parent" },
  GetCryptoKeyVersion: { permission: `${keyVersions}.get`, field: "name" },
  ListCryptoKeyVersions: { permission: `${keyVersions}.list`, field: "parent" },
  UpdateCryptoKeyVersion: { permission: `${keyVersions}.update`, field: "cryptoKeyVersion" },
  DestroyCryptoKeyVersion: { permission: `${keyVersions}.destroy`, field: "name" },
  RestoreCryptoKeyVersion: { permission: `${keyVersions}.restore`, field: "name" },
  GetPublicKey: { permission: `${keyVersions}.viewPublicKey`, field: "name" },
  AsymmetricSign: { permission: `${keyVersions}.useToSign`, field: "name" },
  GetIamPolicy: { permission: "cloudkms.cryptoKeys.getIamPolicy", field: "resource" },
  SetIamPolicy: { permission: "cloudkms.cryptoKeys.setIamPolicy", field: "resource" },
};
