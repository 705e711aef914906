import type { Socket } from "node:net";

/** As much as one read brings. */
const bytesAtMost = 64 * 1024;
let memory = Buffer.allocUnsafeSlow(bytesAtMost);

/**
 * Writes a copy of these bytes, whose own memory is soon used for others. What the kernel takes at once, as it nearly always does,
 * leaves the memory of the copy free for the next one.
 */
export function writeCopy(socket: Socket, bytes: Buffer): boolean {
  if (bytes.length > bytesAtMost) return socket.write(Buffer.from(bytes));
  bytes.copy(memory);
  const goesOn = socket.write(memory.subarray(0, bytes.length));
  if (socket.writableLength > 0) memory = Buffer.allocUnsafeSlow(bytesAtMost);
  return goesOn;
}
