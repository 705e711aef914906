import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ArchiveSource, githubArchiveUrl, type GithubSource } from "@cliscale/protocol";
import { stepNotice } from "../notice.ts";
import { BundleError } from "./bundleError.ts";
import { type Archive, download } from "./fetch/download.ts";
import { archiveLimits } from "./limits.ts";
import { linkPrograms } from "./npm/linkPrograms.ts";
import { installDependencies } from "./npm/npmInstall.ts";
import { type Manifest, packageProgram, readManifest } from "./npm/packageProgram.ts";
import type { Bundle, Placement } from "./placeBundle.ts";
import { unpackArchive } from "./unpack/unpackArchive.ts";

type ArchivePlacement = Required<Placement>;

/** An archive of files, or a folder of a GitHub repository: fetch, verify, unpack, install what it depends on. */
export async function placeArchive(source: ArchiveSource | GithubSource, placement: ArchivePlacement): Promise<Bundle> {
  const { work, scratch } = placement.folders;
  await mkdir(scratch, { recursive: true });
  try {
    const archive = await fetchArchive(source, placement);
    verify(archive, placement);
    await unpack(source, archive, placement);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const manifest = await readManifest(work);
  if (manifest) await install(manifest, placement);
  return { defaultCommand: async () => defaultCommand(manifest) };
}

async function fetchArchive(source: ArchiveSource | GithubSource, placement: ArchivePlacement): Promise<Archive> {
  const { settings, folders, terminal, network, stopping } = placement;
  const url = source.kind === "github" ? githubArchiveUrl(source) : source.url;
  // Without its query, which may hold a signature.
  terminal.print(stepNotice(`fetching ${url.origin}${url.pathname}`));
  return await download(url, join(folders.scratch, "archive"), {
    policy: settings.bundlePolicy,
    extraCa: settings.bundleCa,
    network,
    limits: archiveLimits,
    stopping,
  });
}

/** Nothing of an archive is looked at before this. */
function verify({ bytes, sha256 }: Archive, { settings, terminal }: ArchivePlacement): void {
  const expected = settings.bundleSha256;
  if (expected !== undefined && sha256 !== expected) {
    throw new BundleError(`The archive is not the one that was asked for: its SHA-256 is ${sha256}, not ${expected}.`);
  }
  const verdict = expected === undefined ? "is" : "is as given,";
  terminal.print(stepNotice(`fetched ${bytes} bytes, whose SHA-256 ${verdict} ${sha256}`));
}

async function unpack(source: ArchiveSource | GithubSource, archive: Archive, placement: ArchivePlacement) {
  const { folders, terminal, stopping } = placement;
  terminal.print(stepNotice("unpacking"));
  await unpackArchive(archive, {
    scratch: join(folders.scratch, "files"),
    target: folders.work,
    ...(source.kind === "github" && { folder: source.folder }),
    limits: archiveLimits,
    stopping,
  });
}

async function install(manifest: Manifest, placement: ArchivePlacement): Promise<void> {
  const { folders, terminal } = placement;
  if (dependsOnAnything(manifest)) {
    terminal.print(stepNotice("installing what it depends on from npm"));
    await withoutItsNpmrc(folders.work, () => installDependencies(placement));
  }
  await linkPrograms(folders.work, manifest);
}

function dependsOnAnything({ dependencies, optionalDependencies, peerDependencies, workspaces }: Manifest): boolean {
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return names.length > 0 || workspaces !== undefined;
}

/** npm would read an `.npmrc` in the bundle as its own configuration, which is the operator's to make. */
async function withoutItsNpmrc(work: string, action: () => Promise<void>): Promise<void> {
  const npmrc = join(work, ".npmrc");
  const aside = `${work}.npmrc`;
  const there = await access(npmrc).then(
    () => true,
    () => false,
  );
  if (there) await rename(npmrc, aside);
  await action();
  if (there) await rename(aside, npmrc);
}

function defaultCommand(manifest: Manifest | undefined): string {
  if (manifest) return packageProgram("The bundle", manifest);
  throw new BundleError("The bundle has no package.json that names a program; give a command to run.");
}
