import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { BundleSettingTexts } from "@cliscale/protocol";
import { placeBundle } from "../../src/bundle/placeBundle.ts";
import { createFolders } from "../../src/folders.ts";
import { tgz } from "../support/archives.ts";
import { networkTo, startOrigin } from "../support/origin.ts";
import { createSettings } from "../support/runner.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const tree = `https://github.com/acme/tools/tree/${commit}`;
const archive = tgz([
  { path: `tools-${commit}/README.md`, content: "all of it" },
  { path: `tools-${commit}/cli/package.json`, content: '{"name":"cli","bin":{"acme":"run.sh"}}' },
  { path: `tools-${commit}/cli/run.sh`, content: "#!/bin/sh\n" },
]);
// GitHub's own hosts, at addresses of this machine.
const onLoopback = { CLISCALE_BUNDLE_HOSTS: "github.com,private=codeload.github.com" };

/** Places a tree from a stand-in for GitHub; resolves to the work folder, the default command and what was asked for. */
async function place(t: TestContext, source: string, policy: BundleSettingTexts = onLoopback) {
  const origin = await startOrigin(t, (_, response) => response.end(archive));
  const settings = await createSettings(t, { source, policy, bundleCa: origin.ca });
  const folders = await createFolders(settings.workFolder);
  const { network } = networkTo(origin);
  const terminal = { print: () => {}, size: () => ({ columns: 80, rows: 24 }) };
  const stopping = new AbortController().signal;
  const bundle = await placeBundle({ settings, folders, terminal, network, stopping });
  return { work: folders.work, command: await bundle.defaultCommand(), requests: origin.requests };
}

test("a folder of a repository at a commit is a bundle, and needs no SHA-256", async (t) => {
  const { work, command, requests } = await place(t, `${tree}/cli`);
  assert.deepEqual((await readdir(work)).sort(), ["node_modules", "package.json", "run.sh"]);
  assert.equal(await readFile(join(work, "node_modules/.bin/acme"), "utf8"), "#!/bin/sh\n");
  assert.equal(command, "acme");
  assert.deepEqual(requests, [`codeload.github.com/acme/tools/tar.gz/${commit}`]);
});

test("a folder that is not there, and a repository without a program, are told in words", async (t) => {
  await assert.rejects(place(t, `${tree}/none`), /no folder "none"/);
  await assert.rejects(place(t, tree), /no package\.json that names a program/);
});

test("a branch or tag is fetched only where the operator lets GitHub be unpinned", async (t) => {
  const branch = "https://github.com/acme/tools/tree/main/cli";
  await assert.rejects(place(t, branch), /must name a commit by its full hash/);
  const { requests } = await place(t, branch, { ...onLoopback, CLISCALE_UNPINNED_HOSTS: "github.com" });
  assert.deepEqual(requests, ["codeload.github.com/acme/tools/tar.gz/main"]);
});

test("a tree is not fetched where the operator does not allow the hosts that GitHub serves it from", async (t) => {
  const elsewhere = { CLISCALE_BUNDLE_HOSTS: "private=codeload.github.com" };
  await assert.rejects(place(t, `${tree}/cli`, elsewhere), /is on the host github\.com/);
  await assert.rejects(place(t, `${tree}/cli`, { CLISCALE_BUNDLE_HOSTS: "github.com" }), /codeload\.github\.com/);
});
