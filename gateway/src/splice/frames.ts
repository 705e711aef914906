import { clientMessage, type serverMessage } from "@cliscale/protocol";
import { milliseconds } from "../milliseconds.ts";

/** First header byte of a frame: FIN, three reserved bits, opcode (RFC 6455 §5.2). */
const finBit = 0x80;
const reservedBits = 0x70;
const opcodeBits = 0x0f;
/** Second header byte: MASK, length. */
const maskBit = 0x80;
const lengthBits = 0x7f;
const maskingKeyBytes = 4;
const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
const knownOpcodes: ReadonlySet<number> = new Set(Object.values(opcodes));
const controlPayloadBytes = 125;
/** The first byte of a message with input, and of one with output: the same, in ttyd's protocol. */
const terminalData = clientMessage.input satisfies typeof serverMessage.output;
/** The upper half of a 64-bit length above which the length is no exact number. */
const upperHalfMaximum = 0x1f_ffff;

/**
 * Follows one direction of a WebSocket from header to header, and reads of a payload its first byte, which says what a message is:
 * a terminal's own bytes, or something about it. It holds back a header until that byte has come and a Close frame until it is
 * complete, so that whoever is given the bytes can be sent another frame whenever `remaining` is 0. It stops at a Close frame, and before a frame that RFC 6455 §5 forbids where no extension is in use.
 */
export class FrameFollower {
  /** Bytes still to come of the frame that has begun. */
  remaining = 0;
  stopped: "close" | "violation" | undefined;
  /** The whole Close frame as it came, once stopped by it. */
  closeFrame: Buffer | undefined;
  /** When a message with input or output last began, in whole `milliseconds`; -1: never. */
  terminalDataAt = -1;
  private readonly maskBit: number;
  private held: Buffer | undefined;
  private inMessage = false;
  /** Whether nothing of the message's payload has come yet: its first frames may be empty. */
  private awaitsType = false;

  /** `masked`: whether this is the direction from the client, whose frames must be masked; a server's must not. */
  constructor(masked: boolean) {
    this.maskBit = masked ? maskBit : 0;
  }

  /** What can be passed on of the bytes held back so far and this chunk. */
  follow(chunk: Buffer): Buffer {
    const bytes = this.held ? Buffer.concat([this.held, chunk]) : chunk;
    this.held = undefined;
    let position = this.remaining;
    this.remaining = 0;
    while (position < bytes.length) {
      const end = this.frameEnd(bytes, position);
      if (end === undefined) {
        // A copy, because a part of a chunk keeps all of it in memory.
        this.held = Buffer.from(bytes.subarray(position));
        return bytes.subarray(0, position);
      }
      if (this.stopped) return bytes.subarray(0, position);
      position = end;
    }
    this.remaining = position - bytes.length;
    return bytes;
  }

  /** The rest of the frame that has begun, so far as this chunk holds it, and nothing of the next one. */
  finishFrame(chunk: Buffer): Buffer {
    const rest = chunk.subarray(0, this.remaining);
    this.remaining -= rest.length;
    return rest;
  }

  /** Where the frame that starts at `position` ends; undefined when more of it is needed to say so. */
  private frameEnd(bytes: Buffer, position: number): number | undefined {
    if (bytes.length < position + 2) return undefined;
    const first = bytes[position]!;
    const second = bytes[position + 1]!;
    if (!this.isAllowed(first, second)) {
      this.stopped = "violation";
      return position;
    }
    const header = headerBytes(second);
    if (bytes.length < position + header) return undefined;
    const length = payloadLength(bytes, position, second);
    if (length === undefined) {
      this.stopped = "violation";
      return position;
    }
    const payload = position + header + (this.maskBit ? maskingKeyBytes : 0);
    const end = payload + length;
    const opcode = first & opcodeBits;
    if (opcode === opcodes.close) {
      if (bytes.length < end) return undefined;
      this.closeFrame = Buffer.from(bytes.subarray(position, end));
      this.stopped = "close";
    } else if (!isControl(opcode)) {
      if (opcode !== opcodes.continuation) this.awaitsType = true;
      if (this.awaitsType && length > 0) {
        if (bytes.length <= payload) return undefined;
        this.readType(bytes, payload);
      }
      this.inMessage = (first & finBit) === 0;
    }
    return end;
  }

  private readType(bytes: Buffer, payload: number): void {
    this.awaitsType = false;
    const type = this.maskBit ? bytes[payload]! ^ bytes[payload - maskingKeyBytes]! : bytes[payload];
    if (type === terminalData) this.terminalDataAt = milliseconds();
  }

  private isAllowed(first: number, second: number): boolean {
    const opcode = first & opcodeBits;
    if ((first & reservedBits) !== 0 || !knownOpcodes.has(opcode) || (second & maskBit) !== this.maskBit) return false;
    if (isControl(opcode)) return (first & finBit) !== 0 && (second & lengthBits) <= controlPayloadBytes;
    // A message is one frame, or a first one and its continuations (RFC 6455 §5.4).
    return (opcode === opcodes.continuation) === this.inMessage;
  }
}

function isControl(opcode: number): boolean {
  return opcode >= opcodes.close;
}

function headerBytes(second: number): number {
  const length = second & lengthBits;
  if (length === 127) return 10;
  return length === 126 ? 4 : 2;
}

function payloadLength(bytes: Buffer, position: number, second: number): number | undefined {
  const length = second & lengthBits;
  if (length === 126) return bytes.readUInt16BE(position + 2);
  if (length < 126) return length;
  const upper = bytes.readUInt32BE(position + 2);
  return upper > upperHalfMaximum ? undefined : upper * 2 ** 32 + bytes.readUInt32BE(position + 6);
}
