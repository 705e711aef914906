import assert from "node:assert/strict";
import { test } from "node:test";
import type { ZodError } from "zod";
import {
  BundleSourceError,
  bundleViolations,
  githubArchiveUrl,
  type GithubSource,
  parseBundlePolicy,
  parseBundleSource,
} from "../src/index.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const sha256 = "a".repeat(64);
const policy = parseBundlePolicy({
  CLISCALE_BUNDLE_HOSTS: "github.com, codeload.github.com, files.example, private=localhost:8443, loose.example",
  CLISCALE_UNPINNED_HOSTS: "loose.example",
});

function tree(rest: string): GithubSource {
  return parseBundleSource(`https://github.com/acme/tools.js/tree/${rest}`) as GithubSource;
}

test("an npm package is a name with an exact version, or a dist-tag that is told apart", () => {
  for (const spec of ["cowsay@1.6.0", "@acme/tool@2.0.0-rc.1+build.5", "JSONStream@1.3.5", "a.b_c~d@0.0.1"]) {
    const source = parseBundleSource(`npm:${spec}`);
    assert.ok(source.kind === "npm" && !source.tagged, spec);
    assert.equal(`${source.name}@${source.version}`, spec);
  }
  for (const tag of ["latest", "next-7", "beta.1"]) {
    assert.deepEqual(parseBundleSource(`npm:@acme/tool@${tag}`), {
      kind: "npm",
      name: "@acme/tool",
      version: tag,
      tagged: true,
    });
  }
});

test("whatever else npm would install is refused", () => {
  const refused = {
    "no version": "cowsay",
    "no version behind a scope": "@acme/tool",
    "a range": "cowsay@^1.6.0",
    "a partial version": "cowsay@1.6",
    "a version with a v, which is a range": "cowsay@v1",
    "any version": "cowsay@x",
    "any version of any version": "cowsay@X.x",
    "a star": "cowsay@*",
    "a leading zero": "cowsay@01.6.0",
    "an alias": "cowsay@npm:other@1.0.0",
    "a URL": "https://example.com/a.tgz@1.0.0",
    "a repository": "owner/name@1.0.0",
    "a folder": "./folder@1.0.0",
    "a folder above": "@acme/..@1.0.0",
    "an option": "--registry=x@1.0.0",
    "a second package": "cowsay@1.6.0 other@1.0.0",
    "a line": "cowsay@1.6.0\n",
    "no name": "@1.6.0",
    "a name without end": `${"a".repeat(215)}@1.0.0`,
  };
  for (const [name, spec] of Object.entries(refused)) {
    assert.throws(() => parseBundleSource(`npm:${spec}`), BundleSourceError, name);
  }
});

test("a GitHub tree is told from other archives, and a commit from a branch or tag", () => {
  const { url: _, ...source } = tree(`${commit}/packages/a%20b/`);
  assert.deepEqual(source, {
    kind: "github",
    owner: "acme",
    repository: "tools.js",
    ref: commit,
    pinned: true,
    folder: "packages/a b",
  });
  assert.equal(tree(commit).folder, "");
  assert.equal(tree("main/cli").pinned, false);
  assert.equal(tree(commit.slice(1)).pinned, false);
  assert.equal(
    githubArchiveUrl(tree(`${commit}/x`)).href,
    `https://codeload.github.com/acme/tools.js/tar.gz/${commit}`,
  );
  assert.equal(
    githubArchiveUrl(tree("feature%2Fone/x")).href,
    "https://codeload.github.com/acme/tools.js/tar.gz/feature/one",
  );
  assert.equal(parseBundleSource("https://github.com/acme/tools/archive/v1.tar.gz").kind, "archive");
  assert.equal(parseBundleSource("https://github.com/acme/tools/releases/download/v1/a.zip?x=1").kind, "archive");
});

test("what looks like a GitHub tree and is none is refused", () => {
  const refused = [
    "https://github.com/acme/tools",
    "https://github.com/acme/tools/blob/main/a.js",
    "https://github.com/acme/tools/tree",
    "https://github.com/acme/tools/tree/",
    "https://github.com/acme/tools/tree/a..b/x",
    "https://github.com/acme/tools/tree/-b/x",
    `https://github.com/acme/tools/tree/${commit}/%2e%2e%2fx`,
    `https://github.com/acme/tools/tree/${commit}/a%00b`,
    `https://github.com/acme/tools/tree/${commit}/%zz`,
    `https://github.com/acme/tools/tree/${commit}/x?y=1`,
    `https://github.com/acme%2Fother/tools/tree/${commit}/x`,
  ];
  for (const source of refused) assert.throws(() => parseBundleSource(source), BundleSourceError, source);
});

test("an address that is no plain domain name, and a URL that parsers read differently, are refused", () => {
  const refused = [
    "http://files.example/a.tgz",
    "https:files.example/a.tgz",
    "https:///files.example/a.tgz",
    "https://user@files.example/a.tgz",
    "https://files.example@evil.example/a.tgz",
    "https://:secret@files.example/a.tgz",
    "https://127.0.0.1/a.tgz",
    "https://127.1/a.tgz",
    "https://2130706433/a.tgz",
    "https://0x7f000001/a.tgz",
    "https://0177.0.0.1/a.tgz",
    "https://169.254.169.254/a.tgz",
    "https://１２７.０.０.１/a.tgz",
    "https://[::1]/a.tgz",
    "https://[::ffff:a9fe:a9fe]/a.tgz",
    "https://files.example./a.tgz",
    "https://files.example\\@evil.example/a.tgz",
    "https://files.example\t/a.tgz",
    "https://files.example/a.tgz\n",
    " https://files.example/a.tgz",
    "ftp://files.example/a.tgz",
    "file:///etc/passwd",
    "template:",
    "template:Shell",
    "template:../x",
    "cowsay",
    "",
  ];
  for (const source of refused) assert.throws(() => parseBundleSource(source), BundleSourceError, source);
});

test("the policy names each field that is wrong, and nothing where all is well", () => {
  const cases: [source: string, sha256: string | undefined, fields: string[]][] = [
    ["npm:cowsay@1.6.0", undefined, []],
    ["npm:cowsay@1.6.0", sha256, ["bundle.sha256"]],
    ["npm:cowsay@latest", undefined, ["bundle.source"]],
    ["npm:cowsay@latest", sha256, ["bundle.sha256", "bundle.source"]],
    ["npm:cowsay", undefined, ["bundle.source"]],
    ["template:shell", undefined, []],
    ["template:shell", sha256, ["bundle.sha256"]],
    ["https://files.example/a.tgz", sha256, []],
    ["https://files.example:443/a.tgz", sha256, []],
    ["https://FILES.example/a.tgz", sha256, []],
    ["https://files.example/a.tgz", undefined, ["bundle.sha256"]],
    ["https://files.example:8443/a.tgz", sha256, ["bundle.source"]],
    ["https://sub.files.example/a.tgz", sha256, ["bundle.source"]],
    ["https://example/a.tgz", sha256, ["bundle.source"]],
    ["https://localhost:8443/a.tgz", sha256, []],
    ["https://localhost/a.tgz", sha256, ["bundle.source"]],
    ["https://loose.example/a.tgz", undefined, []],
    ["https://loose.example/a.tgz", sha256, []],
    [`https://github.com/acme/tools/tree/${commit}/cli`, undefined, []],
    [`https://github.com/acme/tools/tree/${commit}/cli`, sha256, []],
    ["https://github.com/acme/tools/tree/main/cli", undefined, ["bundle.source"]],
    ["https://github.com/acme/tools/archive/main.zip", undefined, ["bundle.sha256"]],
  ];
  for (const [source, digest, fields] of cases) {
    const violations = bundleViolations({ source, ...(digest && { sha256: digest }) }, policy);
    assert.deepEqual(
      violations.map(({ field }) => field),
      fields,
      source,
    );
  }
});

test("tags, branches and what needs no SHA-256 are the operator's to allow, and so are the hosts", () => {
  const loose = parseBundlePolicy({ CLISCALE_NPM_TAGS: "on", CLISCALE_UNPINNED_HOSTS: "github.com" });
  for (const source of [
    "npm:cowsay@latest",
    "https://github.com/acme/tools/tree/main/cli",
    "https://github.com/acme/tools/archive/main.zip",
  ]) {
    assert.deepEqual(bundleViolations({ source }, loose), [], source);
  }
  const half = parseBundlePolicy({ CLISCALE_BUNDLE_HOSTS: "github.com" });
  assert.match(
    bundleViolations({ source: `https://github.com/a/b/tree/${commit}` }, half)[0]?.message ?? "",
    /codeload/,
  );
  const nowhere = parseBundlePolicy({ CLISCALE_BUNDLE_HOSTS: "" });
  const [violation] = bundleViolations({ source: `https://github.com/a/b/tree/${commit}` }, nowhere);
  assert.match(violation?.message ?? "", /nowhere/);
});

test("settings that are wrong are all named, with the place of the entry that is and without its text", () => {
  const hosts = ["*.x", "https://x.x", "private=10.0.0.1", "Upper.x", "x.x:443", "[::1]", "x.x/y", "u@x.x", "x.x."];
  const wrong = {
    CLISCALE_BUNDLE_HOSTS: ["ok.example", ...hosts].join(", "),
    CLISCALE_UNPINNED_HOSTS: "private=x.example",
    CLISCALE_NPM_TAGS: "yes",
    CLISCALE_NPM_SCRIPTS: "esbuild, ../x",
  };
  assert.throws(
    () => parseBundlePolicy(wrong),
    ({ issues }: ZodError) => {
      const entries = issues.filter(({ path }) => path[0] === "CLISCALE_BUNDLE_HOSTS").map(({ message }) => message);
      assert.deepEqual(
        entries.map((message) => Number(/^entry (\d+) is no host/.exec(message)?.[1])),
        hosts.map((_, index) => index + 2),
      );
      assert.deepEqual(new Set(issues.map(({ path }) => path[0])), new Set(Object.keys(wrong)));
      assert.ok(!issues.some(({ message }) => /\.\.\/x|10\.0|Upper/.test(message)));
      return true;
    },
  );
});
