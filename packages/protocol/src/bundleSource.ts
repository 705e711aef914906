import type { BundlePolicy } from "./bundlePolicy.ts";
import type { Violation } from "./errorDetails.ts";
import type { Bundle } from "./bundle.ts";

/** Where a bundle comes from, taken apart. */
export type BundleSource = NpmSource | ArchiveSource | GithubSource | TemplateSource;

/** `npm:NAME@VERSION`, or `npm:NAME@TAG`. */
export interface NpmSource {
  kind: "npm";
  name: string;
  /** An exact version, or a dist-tag where `tagged`. */
  version: string;
  tagged: boolean;
}

/** `https://HOST/…`: a gzipped tar or a zip; which one is told by its content. */
export interface ArchiveSource {
  kind: "archive";
  url: URL;
}

/** `https://github.com/OWNER/REPO/tree/REF/FOLDER`; without a folder, the whole repository. */
export interface GithubSource {
  kind: "github";
  url: URL;
  owner: string;
  repository: string;
  /** A commit's full hash, or else the name of a branch or tag. */
  ref: string;
  pinned: boolean;
  /** Path in the repository, without slashes at its ends; empty for all of it. */
  folder: string;
}

/** `template:NAME`. */
export interface TemplateSource {
  kind: "template";
  name: string;
}

/** The text is no source of a bundle; the message says to a person how one is written. */
export class BundleSourceError extends Error {
  override name = "BundleSourceError";
}

// Names as the registry has them (https://docs.npmjs.com/cli/configuring-npm/package-json#name; old ones have capitals).
const packageNamePattern = /^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/;
/** The registry's own limit. */
const packageNameCharacters = 214;
// https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
const versionPattern =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
// A dist-tag is no range (https://docs.npmjs.com/cli/commands/npm-dist-tag#caveats), and `v1` and `x` are ranges.
const tagPattern = /^(?!v\d|x(?:\.|$))[a-z][a-z0-9._-]{0,127}$/i;
export const templateNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** The domain name of a host, with its port unless that is 443; as `URL` spells it. */
const hostPattern = /^(?!\d+(?:\.\d+){3}(?::|$))[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?$/;
// GitHub gives no branch or tag a name of 40 hex digits, so that this is always a commit.
const commitPattern = /^[0-9a-f]{40}$/;
// The part of git-check-ref-format(1) that names in use keep to.
const refPattern = /^(?!.*(?:\.\.|\/\/|@\{))[\w@][\w.+@/-]{0,254}$/;
const ownerPattern = /^[A-Za-z0-9][\w-]{0,99}$/;
const repositoryPattern = /^[\w.-]{1,100}$/;

/** Where GitHub serves the files of a commit as one archive; the policy must list it beside github.com. */
const githubArchiveHost = "codeload.github.com";
const githubHost = "github.com";
const treeExample = "https://github.com/OWNER/REPO/tree/COMMIT/FOLDER";

/** Takes the text of a source apart. @throws BundleSourceError saying how a source is written. */
export function parseBundleSource(source: string): BundleSource {
  if (source.startsWith("npm:")) return parseNpmSource(source.slice("npm:".length));
  if (source.startsWith("template:")) return parseTemplateSource(source.slice("template:".length));
  if (source.startsWith("https:")) return parseUrlSource(source);
  throw new BundleSourceError(
    `must be npm:NAME@VERSION, https://HOST/… (tgz or zip), ${treeExample}, or template:NAME`,
  );
}

export function isPackageName(name: string): boolean {
  return name.length <= packageNameCharacters && packageNamePattern.test(name);
}

/** Whether a text is a `host[:port]` that an https URL may have: a domain name, never an address. */
export function isHost(host: string): boolean {
  return hostPattern.test(host) && URL.parse(`https://${host}/`)?.host === host;
}

/**
 * What is wrong with fetching from a URL, or undefined. The same rules hold for the source that a user gives and for each
 * address that a server redirects to.
 */
export function urlProblem(url: URL, { hosts }: Pick<BundlePolicy, "hosts">): string | undefined {
  if (url.protocol !== "https:") return "must be an https URL";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  if (hosts.has(url.host)) return undefined;
  return `is on the host ${url.host}, and bundles may come only from ${[...hosts.keys()].join(", ") || "nowhere"}`;
}

/** What the operator's policy has against a bundle; empty where it may be fetched. */
export function bundleViolations(bundle: Bundle, policy: BundlePolicy): Violation[] {
  try {
    return violations(parseBundleSource(bundle.source), bundle.sha256, policy);
  } catch (error) {
    if (error instanceof BundleSourceError) return [{ field: "bundle.source", message: error.message }];
    throw error;
  }
}

function violations(source: BundleSource, sha256: string | undefined, policy: BundlePolicy): Violation[] {
  const found: Violation[] = [];
  const refuse = (field: "source" | "sha256", message: string) => found.push({ field: `bundle.${field}`, message });
  if (source.kind === "npm" || source.kind === "template") {
    if (sha256 !== undefined) refuse("sha256", "is for https sources only");
    if (source.kind === "npm" && source.tagged && !policy.npmTags) {
      refuse("source", `must name an exact version, such as npm:${source.name}@1.2.3, not the tag ${source.version}`);
    }
    return found;
  }
  const urls = source.kind === "github" ? [source.url, githubArchiveUrl(source)] : [source.url];
  const [problem] = urls.flatMap((url) => urlProblem(url, policy) ?? []);
  if (problem) return [{ field: "bundle.source", message: problem }];
  const unpinned = policy.unpinnedHosts.has(source.url.host);
  if (source.kind === "archive" && sha256 === undefined && !unpinned) {
    refuse("sha256", `is required for an archive of ${source.url.host}`);
  }
  if (source.kind === "github" && !source.pinned && !unpinned) {
    refuse("source", "must name a commit by its full hash of 40 hex digits: a branch or tag can move");
  }
  return found;
}

/**
 * NAME@VERSION with an exact version, or NAME@TAG. Everything else that npm would take (ranges, aliases, folders, URLs)
 * is refused: the package must come from the registry.
 */
function parseNpmSource(reference: string): NpmSource {
  const at = reference.lastIndexOf("@");
  const name = reference.slice(0, at);
  const version = reference.slice(at + 1);
  const tagged = tagPattern.test(version);
  if (at < 1 || !isPackageName(name) || (!tagged && !versionPattern.test(version))) {
    throw new BundleSourceError("must be npm:NAME@VERSION with an exact version, for example npm:cowsay@1.6.0");
  }
  return { kind: "npm", name, version, tagged };
}

function parseTemplateSource(name: string): TemplateSource {
  if (!templateNamePattern.test(name)) {
    throw new BundleSourceError("must be template:NAME, for example template:shell");
  }
  return { kind: "template", name };
}

function parseUrlSource(source: string): ArchiveSource | GithubSource {
  // URL parsers differ in what they make of these; what one program has checked another must not read differently.
  const url = /^https:\/\/[^/\s\\\p{Cc}][^\s\\\p{Cc}]*$/u.test(source) ? URL.parse(source) : null;
  if (!url) throw new BundleSourceError("must be a valid https URL");
  if (url.username !== "" || url.password !== "") {
    throw new BundleSourceError("must not hold a user name or password");
  }
  if (!isHost(url.host)) throw new BundleSourceError("must name its host by a plain domain name, not an address");
  return url.host === githubHost ? parseGithubUrl(url) : { kind: "archive", url };
}

function parseGithubUrl(url: URL): ArchiveSource | GithubSource {
  const [owner = "", repository = "", page, ref = "", ...folder] = url.pathname.slice(1).split("/").map(decoded);
  if (page === "tree") {
    const names = folder.filter((name) => name !== "");
    const valid =
      ownerPattern.test(owner) &&
      repositoryPattern.test(repository) &&
      refPattern.test(ref) &&
      names.every((name) => name !== "." && name !== ".." && !/[/\\\p{Cc}]/u.test(name));
    if (!valid || url.search !== "") throw new BundleSourceError(`must be a valid GitHub tree: ${treeExample}`);
    const pinned = commitPattern.test(ref);
    return { kind: "github", url, owner, repository, ref, pinned, folder: names.join("/") };
  }
  if (page === undefined || page === "" || page === "blob") {
    throw new BundleSourceError(`must name a folder of the repository at a commit: ${treeExample}`);
  }
  return { kind: "archive", url };
}

/** A part of a path as it is meant; one that is not properly encoded is one that no pattern takes. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "\0";
  }
}

/** The URL of the archive of a whole repository at a ref. */
export function githubArchiveUrl({ owner, repository, ref }: GithubSource): URL {
  return new URL(`https://${githubArchiveHost}/${owner}/${repository}/tar.gz/${encodeURI(ref)}`);
}
