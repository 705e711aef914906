import { createHash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { allowedOrigins, tokenIssuer, urls } from "../firebase/project.ts";
import { root, type StackSettings } from "../settings.ts";

/** The folder of the chart, and the values file of a local stack. */
export const chart = join(root, "k8s-chart");
export const localValues = join(chart, "values-local.yaml");

/** What helm reads of the chart. */
const chartFiles = "k8s-chart/{Chart.yaml,values.yaml,values-local.yaml,values.schema.json,files/**,templates/**}";
/** What the gateway's image is made of. */
const imageFiles = ["{gateway,packages/{db,protocol,service}}/{package.json,src/**}", "package-lock.json"];

/** Settings of the product that gateway or chart know as well, and how the chart has them. */
const shared: Record<string, (text: string) => string | number> = {
  CLISCALE_LIFETIME_MAX_SECONDS: Number,
  CLISCALE_SESSIONS_TOTAL: Number,
  CLISCALE_QUEUE_TOTAL: Number,
};

/** The values of a stack, beside those of `values-local.yaml`: what only it knows. */
export async function releaseValues(settings: StackSettings): Promise<object> {
  const given = Object.entries(shared).flatMap(([name, parse]) => {
    const text = settings.product[name];
    return text === undefined ? [] : [[name, parse(text)] as const];
  });
  return {
    settings: {
      CLISCALE_ALLOWED_ORIGINS: allowedOrigins(settings).split(","),
      CLISCALE_TOKEN_ISSUER: tokenIssuer,
      CLISCALE_JWKS_URL: `${urls.hosting(settings)}/.well-known/jwks.json`,
      CLISCALE_POD_RANGE: [settings.podRange],
      ...Object.fromEntries(given),
    },
    // As a registry would name it: changed code is another image, which is rolled out.
    gateway: { image: `cliscale-gateway@sha256:${await hashOf(imageFiles)}` },
  };
}

/** Tells one chart, with its values and the database that it migrates, from every other. */
export async function fingerprint(values: object, databaseId: string): Promise<string> {
  return createHash("sha256")
    .update(await hashOf([chartFiles]))
    .update(JSON.stringify([values, databaseId]))
    .digest("hex");
}

/** Of the names and contents of files of the repository. */
async function hashOf(patterns: string[]): Promise<string> {
  const entries = await Array.fromAsync(glob(patterns, { cwd: root, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(await readFile(file));
  return hash.digest("hex");
}
