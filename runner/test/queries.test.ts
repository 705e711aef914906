import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attach, spelledOut } from "./support/client.ts";
import { startTestSession } from "./support/session.ts";

/** Asks, and shows the bytes that come in within five seconds. */
const ask = (query: string) =>
  `stty raw -echo min 0 time 50; printf '${query}'; dd bs=200 count=1 2>/dev/null | od -An -c | tr -d ' \\n'; printf '|done'; touch asked; cat > /dev/null`;

const answers: [query: string, answer: string][] = [
  ["\\033[c", "033[?1;2c"],
  ["\\033[>c", "033[>0;276;0c"],
  ["\\033[=c", "033P!|00000000033\\"],
  ["\\033[5n", "033[0n"],
  ["\\033[?2004$p", "033[?2004;2$y"],
  ["\\033[>q", "033P>|cliscale033\\"],
  ["\\033]11;?\\007", "033]11;rgb:1414/1818/1c1c033\\"],
  ["\\033]4;1;?\\007", "033]4;1;rgb:cccc/0000/0000033\\"],
  ["\\033[18t", "033[8;24;80t"],
  ["\\033[?u", ""],
];

/** Asks, and shows for long enough what comes in, however often. */
const askOnce =
  "stty raw -echo min 0 time 20; printf '\\033[c'; for turn in 1 2; do dd bs=200 count=1 2>/dev/null | od -An -c | tr -d ' \\n'; done; printf '|done'; cat > /dev/null";

suite("queries", { concurrency: true }, () => {
  for (const [query, answer] of answers) {
    test(`with nobody attached ${query} is answered once, by the default`, async (t) => {
      const { settings } = await startTestSession(t, { command: ask(query) }, { firstHello: 10 });
      // The command is over with its question before anybody comes.
      while (!existsSync(join(settings.workFolder, "work/asked"))) await delay(50);
      const client = await attach(t, settings);
      await client.until(() => client.output().includes("|done"));
      const shown = client.output();
      assert.ok(shown.endsWith(`${answer}|done`), spelledOut(shown));
      assert.equal(shown.split("033").length, answer.split("033").length, spelledOut(shown));
    });
  }

  test("with a client attached the runner leaves the answer to it", async (t) => {
    const { settings } = await startTestSession(t, { command: ask("\\033[c") });
    const client = await attach(t, settings);
    await client.until(() => client.output().includes("|done"));
    assert.doesNotMatch(client.output(), /\?1;2c/);
  });

  test("a query that the client was sent and has not answered when it is cut is answered by the default, once", async (t) => {
    const { settings } = await startTestSession(t, { command: askOnce });
    const client = await attach(t, settings);
    await client.until(() => client.output().endsWith("\x1b[c"));
    client.socket.terminate();
    const next = await attach(t, settings);
    await next.until(() => next.output().includes("|done"));
    assert.ok(next.output().endsWith("033[?1;2c|done"), spelledOut(next.output()));
    assert.equal(next.output().split("033").length, 2, spelledOut(next.output()));
  });

  test("a query that the client has answered before it is cut is not answered again", async (t) => {
    const { settings } = await startTestSession(t, { command: askOnce });
    const client = await attach(t, settings);
    await client.until(() => client.output().endsWith("\x1b[c"));
    client.input("\x1b[?62;22c");
    await client.until(() => client.output().includes("62;22c"));
    client.socket.terminate();
    const next = await attach(t, settings);
    await next.until(() => next.output().includes("|done"));
    assert.ok(next.output().endsWith("033[?62;22c|done"), spelledOut(next.output()));
  });

  test("a query that has long been given up is not answered when the client is cut", async (t) => {
    const command =
      "stty raw -echo; printf '\\033[c'; sleep 3; printf 'ready'; dd bs=200 count=1 2>/dev/null | od -An -c; cat";
    const { settings } = await startTestSession(t, { command });
    const client = await attach(t, settings);
    await client.until(() => client.output().endsWith("ready"));
    client.socket.terminate();
    const next = await attach(t, settings);
    next.input("x");
    await next.until(() => next.output().includes("\n"));
    assert.doesNotMatch(next.output(), /033/);
  });
});
