import assert from "node:assert/strict";
import { access, glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../src/repository.ts";

const documents = ["README.md", "docs/*.md", "{hosting,k8s-chart,packages/*}/README.md"];

/** What a document links to, or shows, in this repository. */
function filesIn(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, file]) => link ?? file!,
  );
  return links.filter((link) => !/^(https?:|#)/.test(link)).map((link) => link.replace(/#.*$/, ""));
}

test("every file that the documentation links to or shows is there", async () => {
  let found = 0;
  for await (const document of glob(documents, { cwd: root })) {
    for (const file of filesIn(await readFile(join(root, document), "utf8"))) {
      await assert.doesNotReject(access(join(root, dirname(document), file)), `${document} names ${file}`);
      found += 1;
    }
  }
  assert.ok(found > 20, `only ${found} were found`);
});
