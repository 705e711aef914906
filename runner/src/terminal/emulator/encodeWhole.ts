/**
 * xterm takes long writes apart after so many bytes, wherever that is, and loses characters whose bytes it then gets in two
 * pieces: the two bytes E2 80, for one, are not put together with what follows.
 */
const pieceBytes = 131_072;

/**
 * Encodes text so that no character lies across a piece's end. Where one would, zero bytes are put before the part that it
 * is in, which draw nothing.
 */
export function encodeWhole(parts: string[]): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const part of parts) {
    if (part === "") continue;
    const bytes = Buffer.from(part);
    const end = length + bytes.length;
    const boundary = Math.floor(end / pieceBytes) * pieceBytes;
    if (boundary > length && (bytes[boundary - length]! & 0xc0) === 0x80) {
      const padding = Buffer.alloc(boundary - length);
      pieces.push(padding);
      length += padding.length;
    }
    pieces.push(bytes);
    length += bytes.length;
  }
  return Buffer.concat(pieces, length);
}
