import { Socket } from "node:net";

/**
 * What pods send is read into this memory, whichever of them it is from. Memory of its own for each read, as Node.js takes it
 * otherwise, has to be mapped, cleared and collected: bulk output takes two to three times the CPU with it.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const nothing = Buffer.alloc(0);

/** Takes bytes from a pod. They are good only until it returns. */
export type Receiver<Pod extends PodSocket = PodSocket> = (this: Pod, bytes: Buffer) => void;

/** A socket to a pod. It emits no `data`: what comes is given to its receiver. */
export class PodSocket extends Socket {
  private receiver: Receiver | undefined;
  /** What has come and nobody has received. */
  private unread: Buffer = nothing;

  constructor() {
    super({ onread: { buffer: readBuffer, callback: onRead } });
  }

  /** Gives what comes to this receiver from now on, and first what has been put back. */
  receive(receiver: Receiver): void {
    const bytes = this.unread;
    this.receiver = receiver;
    this.unread = nothing;
    if (bytes.length > 0) receiver.call(this, bytes);
  }

  /** Keeps these bytes, and what comes after them, for the next receiver. */
  putBack(bytes: Buffer): void {
    this.receiver = undefined;
    this.unread = bytes;
  }

  /** That many bytes have come into the shared memory. */
  hasRead(length: number): void {
    const bytes = readBuffer.subarray(0, length);
    if (this.receiver) this.receiver(bytes);
    else this.unread = Buffer.concat([this.unread, bytes]);
  }
}

/** Shared by all: Node.js calls it as a method of the socket. */
function onRead(this: unknown, length: number): true {
  (this as PodSocket).hasRead(length);
  return true;
}
