import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutputStream, wholeCharacters } from "../src/terminal/outputStream.ts";

test("the latest bytes are kept, whatever the sizes of the pieces", () => {
  const output = createOutputStream({ keptBytes: 10 });
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
  const output = createOutputStream({ keptBytes: 4 });
  output.append(Buffer.from("abcd"));
  const read = output.read(0, 4);
  output.append(Buffer.from("efgh"));
  assert.equal(read.toString(), "abcd");
});

test("a character is never taken apart", () => {
  const output = createOutputStream({ keptBytes: 100 });
  const text = "zwölf … 世界 😀";
  const heads = new Set<number>();
  for (const byte of Buffer.from(text)) {
    output.append(Buffer.from([byte]));
    heads.add(output.head());
  }
  const boundaries = Array.from(text, (_, index) =>
    Buffer.byteLength(
      Array.from(text)
        .slice(0, index + 1)
        .join(""),
    ),
  );
  assert.deepEqual([...heads].slice(1), [...new Set(boundaries.filter((end) => heads.has(end)))].slice(1));
  let read = "";
  for (let offset = 0; offset < output.head();) {
    const piece = output.read(offset, 5);
    offset += piece.length;
    read += piece.toString();
  }
  assert.equal(read, text);
});

test("half a character at the very end is taken as it is", () => {
  const output = createOutputStream();
  output.append(Buffer.from("ü").subarray(0, 1));
  assert.equal(output.head(), 0);
  output.end();
  assert.equal(output.head(), 1);
});

test("before bytes are dropped their reader is told", () => {
  const dropped: string[] = [];
  const output = createOutputStream({
    keptBytes: 10,
    onDrop: (start) => dropped.push(output.read(output.start(), start - output.start()).toString()),
  });
  for (const piece of ["0123456789", "ab", "c", "0123456789ABCDEFGHIJKLMNOP", "xyz"]) output.append(Buffer.from(piece));
  assert.equal(
    dropped.join("") + output.read(output.start(), 100).toString(),
    "0123456789abc0123456789ABCDEFGHIJKLMNOPxyz",
  );
});

test("two streams have epochs of their own", () => {
  assert.notEqual(createOutputStream({ keptBytes: 1 }).epoch, createOutputStream({ keptBytes: 1 }).epoch);
});

const length = (...bytes: number[]) => wholeCharacters(Buffer.from(bytes));

test("bytes of a character whose rest is missing are told from those of no character", () => {
  assert.equal(length(0x61, 0xc3), 1);
  assert.equal(length(0x61, 0xe2, 0x80), 1);
  assert.equal(length(0x61, 0xf0, 0x9f, 0x98), 1);
  assert.equal(length(0x61, 0xc3, 0xbc), 3);
  assert.equal(length(0x80, 0x80, 0x80, 0x80), 4);
  assert.equal(length(), 0);
});
