import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const hourMilliseconds = 3_600_000;

/** Signs certificates; all of it PEM. */
export interface Authority {
  certificate: string;
  /** A certificate for a public key, good for an hour. */
  issue(commonName: string, publicKey: string): Promise<string>;
  /** A key of its own with its certificate. */
  issueWithKey(commonName: string): Promise<{ certificate: string; key: string }>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const shared = {
    notBefore: new Date(Date.now() - hourMilliseconds),
    notAfter: new Date(Date.now() + hourMilliseconds),
    signingAlgorithm: algorithm,
  };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...shared,
    name: `CN=${name}`,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });

  async function sign(commonName: string, publicKey: CryptoKey): Promise<string> {
    const certificate = await x509.X509CertificateGenerator.create({
      ...shared,
      subject: [{ CN: [commonName] }],
      issuer: root.subject,
      publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
    });
    return certificate.toString("pem");
  }

  return {
    certificate: root.toString("pem"),
    async issue(commonName, publicKey) {
      const key = await new x509.PublicKey(publicKey).export(algorithm, ["verify"]);
      return sign(commonName, key);
    },
    async issueWithKey(commonName) {
      const own = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const key = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        certificate: await sign(commonName, own.publicKey),
        key: x509.PemConverter.encode(key, "PRIVATE KEY"),
      };
    },
  };
}
