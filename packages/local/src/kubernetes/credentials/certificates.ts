import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** What the API server shows, and what its clients trust it by; all PEM. */
export interface ServerCertificate {
  ca: string;
  certificate: string;
  key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMilliseconds = 24 * 3600 * 1000;
const lifetimeDays = 365;
/** Certificates with less than this left are made anew. */
const renewalDays = 30;

/** What clients may call the server. */
const hosts: x509.JsonGeneralName[] = [
  { type: "ip", value: "127.0.0.1" },
  { type: "dns", value: "localhost" },
];

/**
 * The certificate of the API server and the authority that signed it. They are kept in files, `ca.crt` in
 * `publicDirectory`, and made anew when they are missing, broken or near their end. The authority signs this one
 * certificate; its key is never stored, so nobody can sign another.
 */
export async function loadCertificates(publicDirectory: string, privateDirectory: string): Promise<ServerCertificate> {
  const files = {
    ca: join(publicDirectory, "ca.crt"),
    certificate: join(privateDirectory, "server.crt"),
    key: join(privateDirectory, "server.key"),
  };
  const kept = await readAll(files);
  if (kept && isUsable(kept)) return kept;
  const made = await makeCertificates();
  await writeFile(files.ca, made.ca);
  await writeFile(files.certificate, made.certificate);
  await writeFile(files.key, made.key, { mode: 0o600 });
  return made;
}

async function readAll(files: Record<keyof ServerCertificate, string>): Promise<ServerCertificate | undefined> {
  try {
    const [ca, certificate, key] = await Promise.all([
      readFile(files.ca, "utf8"),
      readFile(files.certificate, "utf8"),
      readFile(files.key, "utf8"),
    ]);
    return { ca, certificate, key };
  } catch {
    return undefined;
  }
}

function isUsable({ ca, certificate, key }: ServerCertificate): boolean {
  try {
    const authority = new X509Certificate(ca);
    const server = new X509Certificate(certificate);
    return (
      server.verify(authority.publicKey) &&
      server.checkPrivateKey(createPrivateKey(key)) &&
      Date.parse(server.validTo) > Date.now() + renewalDays * dayMilliseconds
    );
  } catch {
    return false;
  }
}

async function makeCertificates(): Promise<ServerCertificate> {
  const caKeys = await generateKeys();
  const serverKeys = await generateKeys();
  // A day back, for clients whose clock is behind.
  const notBefore = new Date(Date.now() - dayMilliseconds);
  const notAfter = new Date(Date.now() + lifetimeDays * dayMilliseconds);
  const shared = { notBefore, notAfter, signingAlgorithm: algorithm };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...shared,
    name: "CN=cliscale local Kubernetes CA",
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    ...shared,
    subject: "CN=cliscale local Kubernetes API",
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey);
  return {
    ca: authority.toString("pem"),
    certificate: server.toString("pem"),
    key: x509.PemConverter.encode(key, "PRIVATE KEY"),
  };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}
