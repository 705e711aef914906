import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { closeCodeOf, encodeClose } from "../src/splice/closeFrame.ts";
import { FrameFollower } from "../src/splice/frames.ts";
import { clientFrame, serverFrame } from "./support/pods.ts";

const binary = 2;
const close = 8;
const ping = 9;

suite("frames are followed", () => {
  const frames = [
    serverFrame(binary, "first"),
    serverFrame(ping, ""),
    serverFrame(binary, Buffer.alloc(300, 1), false),
    serverFrame(ping, "between fragments"),
    serverFrame(0, Buffer.alloc(70_000, 2)),
    serverFrame(1, ""),
  ];
  const stream = Buffer.concat(frames);
  const boundaries = new Set<number>([0]);
  for (const frame of frames) boundaries.add(Math.max(...boundaries) + frame.length);

  test("across every cut, passing all bytes on and knowing where a frame ends", () => {
    const cuts = [...Array.from({ length: 400 }, (_, index) => index), 30_000, stream.length - 1];
    for (const cut of cuts) {
      const follower = new FrameFollower(false);
      const first = follower.follow(stream.subarray(0, cut));
      assert.equal(follower.remaining === 0, boundaries.has(first.length), `cut at ${cut}, ${first.length} passed on`);
      const second = follower.follow(stream.subarray(cut));
      assert.ok(Buffer.concat([first, second]).equals(stream), `cut at ${cut}`);
      assert.equal(follower.remaining, 0);
      assert.equal(follower.stopped, undefined);
    }
  });

  test("byte by byte", () => {
    const follower = new FrameFollower(true);
    const bytes = Buffer.concat([clientFrame(binary, "0input"), clientFrame(ping, "x"), clientFrame(binary, "")]);
    const passed = Array.from(bytes, (_, index) => follower.follow(bytes.subarray(index, index + 1)));
    assert.ok(Buffer.concat(passed).equals(bytes));
    assert.equal(follower.remaining, 0);
  });

  test("to the end of the current frame and no further", () => {
    const follower = new FrameFollower(false);
    const [frame, next] = [serverFrame(binary, "abcdef"), serverFrame(binary, "next")];
    follower.follow(frame.subarray(0, 4));
    assert.equal(follower.remaining, 4);
    assert.equal(follower.finishFrame(Buffer.concat([frame.subarray(4), next])).toString(), "cdef");
    assert.equal(follower.remaining, 0);
  });
});

test("a Close frame is held back until it is complete, and nothing after it is passed on", () => {
  const bytes = Buffer.concat([serverFrame(binary, "last"), encodeClose({ code: 4404, reason: "stopped" })]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const follower = new FrameFollower(false);
    const first = follower.follow(bytes.subarray(0, cut));
    const second = follower.stopped
      ? Buffer.alloc(0)
      : follower.follow(Buffer.concat([bytes.subarray(cut), serverFrame(binary, "x")]));
    assert.ok(Buffer.concat([first, second]).equals(serverFrame(binary, "last")), `cut at ${cut}`);
    assert.equal(follower.stopped, "close");
    assert.equal(closeCodeOf(follower.closeFrame!), 4404);
    assert.equal(follower.closeFrame!.subarray(4).toString(), "stopped");
  }
});

suite("a frame that RFC 6455 forbids stops the stream before it", () => {
  const fragment = clientFrame(binary, "fragment", false);
  const cases: Record<string, Buffer> = {
    "an unmasked frame from the client": serverFrame(binary, "0x"),
    "a reserved bit": patched(clientFrame(binary, "0x"), 0, 0xc2),
    "an unknown data opcode": clientFrame(3, "0x"),
    "an unknown control opcode": clientFrame(11, "0x"),
    "a fragmented ping": clientFrame(ping, "", false),
    "a ping of 126 bytes": clientFrame(ping, Buffer.alloc(126)),
    "a fragmented Close": clientFrame(close, "", false),
    "a continuation of nothing": clientFrame(0, "0x"),
    "a message inside a message": Buffer.concat([fragment, clientFrame(binary, "0x")]),
    "a length of more than 63 bits": Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.alloc(8, 0xff), Buffer.alloc(4)]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, () => {
      const good = clientFrame(binary, "0good");
      const allowed = name === "a message inside a message" ? Buffer.concat([good, fragment]) : good;
      const follower = new FrameFollower(true);
      const passed = follower.follow(Buffer.concat([good, bytes]));
      assert.equal(follower.stopped, "violation");
      assert.ok(passed.equals(allowed));
    });
  }

  test("a masked frame from the server", () => {
    const follower = new FrameFollower(false);
    assert.equal(follower.follow(clientFrame(binary, "0x")).length, 0);
    assert.equal(follower.stopped, "violation");
  });
});

function patched(bytes: Buffer, index: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = value;
  return copy;
}

/** Whether terminal data is seen in these frames, cut at this place. */
function isTerminalData(bytes: Buffer, toPod: boolean, cut: number): boolean {
  const follower = new FrameFollower(toPod);
  const passed = Buffer.concat([follower.follow(bytes.subarray(0, cut)), follower.follow(bytes.subarray(cut))]);
  assert.ok(passed.equals(bytes));
  return follower.terminalDataAt >= 0;
}

suite("what a message is, is seen in the first byte of its payload", () => {
  const cases: [name: string, expected: boolean, ...frames: [opcode: number, payload: string, final?: boolean][]][] = [
    ["terminal data", true, [binary, "0ls"]],
    ["as text", true, [1, "0ls"]],
    ["something else", false, [binary, "10"]],
    ["an empty message", false, [binary, ""]],
    ["a ping that looks like it", false, [ping, "0"]],
    [
      "in fragments of which the first are empty",
      true,
      [binary, "", false],
      [ping, "1"],
      [0, "", false],
      [0, "0", true],
    ],
    ["in its first fragment", true, [binary, "0", false], [0, "1"]],
    ["not in a later fragment", false, [binary, "1", false], [0, "0"]],
    ["not after an empty message", false, [binary, "", false], [0, ""], [ping, "0"], [binary, "10"]],
  ];
  for (const [name, expected, ...frames] of cases) {
    test(name, () => {
      for (const [frame, toPod] of [
        [serverFrame, false],
        [clientFrame, true],
      ] as const) {
        const bytes = Buffer.concat(frames.map(([opcode, payload, final]) => frame(opcode, payload, final)));
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          assert.equal(isTerminalData(bytes, toPod, cut), expected, `cut at ${cut}`);
        }
      }
    });
  }
});
