import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrawing } from "../src/terminal/drawing.ts";
import { position } from "./support/terminal.ts";

/** A drawing whose screen draws one piece at a time, noting for each whether its queries are answered. */
function createObserved() {
  const pieces: { text: string; drawn: () => void }[] = [];
  const drawing = createDrawing(
    {
      write: (bytes, drawn) => pieces.push({ text: Buffer.from(bytes).toString(), drawn }),
      reset() {},
      resize() {},
    },
    () => {},
  );
  drawing.begin();
  return {
    drawing,
    send: (text: string) => drawing.output(Buffer.from(text)),
    draw: () => {
      const answered: Record<string, boolean> = {};
      for (const { text, drawn } of pieces.splice(0)) {
        answered[text] = drawing.answersQueries;
        drawn();
      }
      return answered;
    },
  };
}

test("queries are answered from the head on, though one message holds both sides of it", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(0, { head: 3 }));
  send("oldnew");
  assert.deepEqual(draw(), { old: false, new: true });
});

test("who is not the controller answers nothing; who becomes it answers from the head on", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(0, { controller: false }));
  send("a");
  drawing.position(position(1, { head: 2 }));
  send("bc");
  assert.deepEqual(draw(), { a: false, b: false, c: true });
});

test("a controller that lags behind goes on answering when its size changes", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(0));
  drawing.position(position(0, { head: 100, columns: 40 }));
  send("a");
  assert.deepEqual(draw(), { a: true });
});

test("nothing in a snapshot is answered, what follows it is", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(50, { snapshot: true }));
  send("screen");
  send("output");
  assert.deepEqual(draw(), { screen: false, output: true });
});

test("what a lost connection left undrawn is not answered, as the answer would arrive elsewhere", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(0));
  send("a");
  drawing.begin();
  assert.deepEqual(draw(), { a: false });
});

test("bytes from before the screen was cleared do not count for what is drawn after", () => {
  const { drawing, send, draw } = createObserved();
  drawing.position(position(0));
  send("much of the old stream");
  drawing.position(position(0, { epoch: "E2", head: 5 }));
  send("first");
  assert.deepEqual(draw(), { "much of the old stream": false, first: false });
});
