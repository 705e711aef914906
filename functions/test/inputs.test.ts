// What the callables make of nonsense, over HTTP: every field of every input, each with what a careless or hostile client sends.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { callables, type CallableName, type ErrorDetails } from "@cliscale/protocol";
import { Client } from "pg";
import { type Door, kid, project, startDoor } from "./support/door.ts";
import { idTokenClaims, signIdToken } from "./support/idToken.ts";

const uid = "ada";
const sessionId = "11111111-2222-4333-8444-555555555555";
/** A refusal names what is wrong; it does not send it back. */
const answerCharacters = 32_768;

let door: Door;
let headers: Record<string, string>;

before(async () => {
  door = await startDoor();
  door.google.users.set(uid, {});
  headers = {
    authorization: `Bearer ${await signIdToken(idTokenClaims(project, uid), door.key.keys.privateKey, kid)}`,
  };
});

after(() => door.stop());

const huge = "x".repeat(1_000_000);
/** A field that JSON can have and an object literal cannot. */
const withProto = (value: unknown): object => JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`) as object;
let deep: unknown = null;
for (let level = 0; level < 1000; level++) deep = { a: deep };

const never: Record<string, unknown> = {
  null: null,
  true: true,
  "a list": [],
  "nested lists": [[[null]]],
  "an object": {},
  "nested nulls": { a: { b: null } },
  "a thousand levels": deep,
  "a prototype": withProto({ length: 1 }),
  "a prototype that is null": withProto(null),
  "an inherited name": { constructor: { prototype: { x: 1 } }, toString: "x" },
};
const notText: Record<string, unknown> = {
  ...never,
  "a number": 5,
  empty: "",
  "a NUL byte": "npm:a\0b@1.0.0",
  "half a surrogate pair": "npm:\ud800@1.0.0",
  huge,
};
const notUuid: Record<string, unknown> = {
  ...notText,
  "upper case": sessionId.toUpperCase().replaceAll("1", "A"),
  "a line feed after it": `${sessionId}\n`,
  braces: `{${sessionId}}`,
  "other digits": "١".repeat(8) + sessionId.slice(8),
  SQL: "' or '1'='1",
  "__proto__ as a value": "__proto__",
};
const notSeconds: Record<string, unknown> = {
  ...never,
  "digits in text": "3600",
  "a fraction": 3600.5,
  negative: -1,
  "one too few": 9,
  "out of range": 1e300,
  "no longer exact": 2 ** 53,
};

interface Fields {
  /** An input that is in order. */
  good: Record<string, unknown>;
  /** What each field is not. */
  nonsense: Record<string, Record<string, unknown>>;
}

const inputs: Record<CallableName, Fields> = {
  createSession: {
    good: { bundle: { source: "template:shell" }, requestId: randomUUID() },
    nonsense: {
      bundle: { ...never, text: "template:shell", "no source": { sha256: "0".repeat(64) } },
      command: notText,
      env: {
        null: null,
        text: "A=1",
        "a list": ["A=1"],
        "64 KiB and a byte": { A: "x".repeat(65_536) },
        "64 KiB of three-byte characters": { A: "字".repeat(22_000) },
        "a number": { A: 5 },
        "null inside": { A: null },
        "an object inside": { A: { B: null } },
        "a NUL byte": { A: "\0" },
        "half a surrogate pair": { A: "\udfff" },
        "no name": { "": "x" },
        "a digit first": { "1A": "x" },
        "a dash": { "A-B": "x" },
        "an equals sign": { "A=B": "x" },
        "a NUL byte in a name": { "A\0": "x" },
        "a letter that is none of ASCII": { Ä: "x" },
        "a name too long": { ["A".repeat(129)]: "x" },
        "a huge name": { [huge]: "x" },
        "the prototype": withProto("x"),
        "the prototype, and null": withProto(null),
      },
      lifetimeSeconds: { ...notSeconds, "a second too few": 59 },
      idleSeconds: { ...notSeconds, "more than the database holds": 2_147_483_648 },
      requestId: notUuid,
    },
  },
  attachSession: { good: { sessionId }, nonsense: { sessionId: notUuid } },
  getSession: { good: { sessionId }, nonsense: { sessionId: notUuid } },
  listSessions: {
    good: {},
    nonsense: {
      state: { ...notText, "another state": "running", "an inherited name": "constructor", "two states": ["ready"] },
      pageSize: { ...notSeconds, "one too few": 0, "one too many": 101 },
      pageToken: { ...notText, "a token of nobody's": "nonsense", "an id": sessionId, emoji: "💥" },
    },
  },
  extendSession: {
    good: { sessionId, lifetimeSeconds: 3600 },
    nonsense: { sessionId: notUuid, lifetimeSeconds: { ...notSeconds, "a second too few": 59 } },
  },
  stopSession: { good: { sessionId }, nonsense: { sessionId: notUuid } },
};
const bundleNonsense: Record<string, Record<string, unknown>> = {
  source: {
    ...notText,
    "another scheme": "file:///etc/passwd",
    "only a scheme": "npm:",
    "an inherited name": "constructor",
  },
  sha256: {
    ...notText,
    "upper case": "A".repeat(64),
    "a digit too few": "0".repeat(63),
    "a line feed": `${"0".repeat(64)}\n`,
  },
};
const names = Object.keys(callables) as CallableName[];

/** The callable refuses the input as a whole, in few words; resolves to what it names. */
async function violations(name: CallableName, data: unknown): Promise<NonNullable<ErrorDetails["violations"]>> {
  const { status, error } = await door.server.call(name, data, headers);
  assert.equal(error?.status, "INVALID_ARGUMENT", JSON.stringify(error));
  assert.equal(status, 400);
  assert.ok(JSON.stringify(error).length < answerCharacters);
  const { violations: named = [] } = error.details as ErrorDetails;
  assert.ok(named.every(({ field, message }) => field !== "" && message !== ""));
  return named;
}

async function requireNamed(name: CallableName, data: unknown, field: string): Promise<void> {
  const fields = (await violations(name, data)).map((violation) => violation.field);
  assert.ok(fields.length > 0);
  for (const named of fields)
    assert.ok(named === field || named.startsWith(`${field}.`), `${named} instead of ${field}`);
}

suite("Nonsense in every field is refused, and the field is named:", { concurrency: 4 }, () => {
  for (const name of names) {
    const { good, nonsense } = inputs[name];
    test(`${name} has nonsense for each of its fields`, () => {
      assert.deepEqual(Object.keys(nonsense).sort(), Object.keys(callables[name].input.shape).sort());
    });
    for (const [field, values] of Object.entries(nonsense)) {
      test(`${name}, ${field}`, async () => {
        for (const [what, value] of Object.entries(values)) {
          await requireNamed(name, { ...good, [field]: value }, field).catch((cause: unknown) => {
            throw new Error(`${field}: ${what}`, { cause });
          });
        }
      });
    }
  }

  for (const [field, values] of Object.entries(bundleNonsense)) {
    test(`createSession, bundle.${field}`, async () => {
      for (const value of Object.values(values)) {
        const bundle = { source: "https://example.com/a.tgz", [field]: value };
        await requireNamed("createSession", { bundle }, `bundle.${field}`);
      }
    });
  }
});

suite("What is no field", { concurrency: 4 }, () => {
  const unknown = ["extra", "constructor", "toString", "hasOwnProperty", "prototype", "session_id", "💥", "", " "];
  for (const name of names) {
    test(`of ${name} is refused by name, and is no way to smuggle in a field`, async () => {
      const { good } = inputs[name];
      const fields = (await violations(name, { ...good, ...Object.fromEntries(unknown.map((key) => [key, 1])) })).map(
        ({ field }) => field,
      );
      assert.deepEqual(fields.sort(), unknown.map((key) => key || "(input)").sort());
      for (const value of [null, "x", 1, {}, good]) {
        const smuggled = JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`) as object;
        const named = await violations(name, Object.defineProperties(smuggled, Object.getOwnPropertyDescriptors(good)));
        assert.deepEqual(named, [{ field: "__proto__", message: "is not a field of the input" }]);
      }
      assert.ok((await violations(name, withProto(good))).some(({ field }) => field === "__proto__"));
    });

    test(`makes ${name} answer in few words, however large and however many`, async () => {
      const { good } = inputs[name];
      const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, null]));
      const named = await violations(name, { ...good, ...many, [huge]: huge });
      assert.equal(named.length, 101);
      assert.deepEqual(named.at(-1), { field: "(input)", message: "has 9901 more that is not valid" });
    });

    test(`data of ${name} that is no object`, async () => {
      for (const data of [[], [inputs[name].good], "x", "{}", 0, 5, true, false, huge]) {
        assert.deepEqual(await violations(name, data), [{ field: "(input)", message: "must be an object" }]);
      }
    });
  }

  test("of a bundle is refused too", async () => {
    const bundle = { source: "template:shell", sha512: "x", ["__proto__"]: { sha256: "0".repeat(64) } };
    const fields = (await violations("createSession", { bundle })).map(({ field }) => field);
    assert.deepEqual(fields.sort(), ["bundle.__proto__", "bundle.sha512"]);
  });
});

suite("A refusal", () => {
  test("names all that is wrong at once, each in words that say what it must be", async () => {
    const wrong = {
      bundle: { source: "ftp://x", sha256: "X", more: 1 },
      command: "",
      env: { "1": "a", B: 5 },
      lifetimeSeconds: 59,
      idleSeconds: 9,
      requestId: 7,
      colour: "red",
    };
    assert.deepEqual(
      (await violations("createSession", wrong)).map(({ field, message }) => `${field} ${message}`).sort(),
      [
        "bundle.more is not a field of the input",
        "bundle.sha256 must be 64 lower-case hex digits",
        "bundle.source must start with npm:, https:// or template:",
        "colour is not a field of the input",
        "command must not be empty",
        "env.1 its name must be a letter or _ followed by at most 127 letters, digits or _",
        "env.B must be text",
        "idleSeconds must be 0 or at least 10",
        "lifetimeSeconds must be at least 60",
        "requestId must be text",
      ],
    );
    assert.deepEqual(await violations("createSession", null), [{ field: "bundle", message: "is required" }]);
    assert.deepEqual(await violations("listSessions", { state: "running", pageSize: 0 }), [
      { field: "state", message: "must be one of queued, starting, ready, ended" },
      { field: "pageSize", message: "must be at least 1" },
    ]);
  });

  test("comes before anything is asked of Firebase Authentication or kept", async () => {
    door.google.lookups.length = 0;
    for (const name of names) await violations(name, { ...inputs[name].good, extra: 1 });
    assert.deepEqual(door.google.lookups, []);
    const database = new Client(door.databaseUrl);
    await database.connect();
    try {
      assert.equal((await database.query("select from sessions")).rowCount, 0);
    } finally {
      await database.end();
    }
  });

  test("does not meet what is in order: names of prototypes in `env`, any Unicode, no input where none is needed", async () => {
    const env = { constructor: "a", toString: "b", hasOwnProperty: "c", _1: "💥\u0301\u202e", ["A".repeat(128)]: "" };
    const input = { bundle: { source: "template:shell" }, env, command: "echo 'ﷺ' 💥\n" };
    assert.deepEqual(callables.createSession.input.parse(input), input);
    for (const data of [null, {}]) {
      assert.deepEqual(await door.server.call("listSessions", data, headers), {
        status: 200,
        result: { sessions: [] },
      });
    }
    assert.equal((await door.server.call("extendSession", inputs.extendSession.good, headers)).status, 404);
  });
});
