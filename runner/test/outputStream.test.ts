import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanStart, createOutputStream } from "../src/terminal/outputStream.ts";

test("the latest bytes are kept, whatever the sizes of the pieces", () => {
  const output = createOutputStream(10);
  let whole = "";
  for (const piece of ["abc", "", "defghij", "k", "lmnopqrstuvwxyz0123", "4", "56789", "the very end of it all", "!"]) {
    output.append(Buffer.from(piece));
    whole += piece;
    assert.equal(output.head(), whole.length);
    assert.equal(output.start(), Math.max(0, whole.length - 10));
    assert.equal(output.read(output.start(), 100).toString(), whole.slice(-10));
    assert.equal(output.read(output.head() - 1, 1).toString(), whole.slice(-1));
    assert.equal(output.read(output.head(), 5).length, 0);
  }
});

test("what was read stays as it is when the stream goes on", () => {
  const output = createOutputStream(4);
  output.append(Buffer.from("abcd"));
  const read = output.read(0, 4);
  output.append(Buffer.from("efgh"));
  assert.equal(read.toString(), "abcd");
});

test("a replay goes on where the client is, as long as that is kept", () => {
  const output = createOutputStream(10);
  const { epoch } = output;
  output.append(Buffer.from("one\ntwo\nthree\n"));
  assert.deepEqual(output.replay({ epoch, offset: 4 }), { offset: 4 });
  assert.deepEqual(output.replay({ epoch, offset: 14 }), { offset: 14 });
  assert.deepEqual(output.replay({ epoch, offset: 3 }), { offset: 8 });
  assert.deepEqual(output.replay({ epoch, offset: 15 }), { offset: 8 });
  assert.deepEqual(output.replay({ epoch: "another", offset: 5 }), { offset: 8 });
  assert.deepEqual(output.replay(), { offset: 8 });
});

test("two streams have epochs of their own", () => {
  assert.notEqual(createOutputStream(1).epoch, createOutputStream(1).epoch);
});

test("cut output starts at a line, an escape, or a character", () => {
  assert.equal(cleanStart(Buffer.from("31mred\u001b[0m\nnext")), "31mred\u001b[0m\n".length);
  assert.equal(cleanStart(Buffer.from("31mred\u001b[0m text")), "31mred".length);
  assert.equal(cleanStart(Buffer.from("ünï").subarray(1)), 1);
  assert.equal(cleanStart(Buffer.from("text")), 0);
  assert.equal(cleanStart(Buffer.alloc(0)), 0);
});
