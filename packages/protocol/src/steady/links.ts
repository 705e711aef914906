import { type Core, extendedAttributes, type LinkData } from "./core.ts";

/** With so many links those are forgotten that nothing on the screen or above it belongs to. */
const sweptLinks = 1000;
/** Of address and name together; a longer link is none. Other terminals take addresses of 2083 bytes and names of 250. */
const longestLink = 4096;
/** Of all links together: ever new ones must not fill the memory. What comes on top is no link, until others are gone. */
const mostCharacters = 8 * 1024 * 1024;
/** Looking which are gone takes a while: it is done for one in so many that find no room. */
const refusedBetweenSweeps = 64;

/**
 * Keeps a link for as long as a cell belongs to it. Left to itself xterm forgets one when the lines that it was opened in are
 * gone, though the text has moved to others, as it does when a terminal gets wider.
 */
export function keepLinks(core: Core): void {
  const service = core._oscLinkService;
  const links = new Map<number, LinkData>();
  const numbers = new Map<string, number>();
  let lastNumber = 0;
  let characters = 0;
  let refused = 0;
  let enough = sweptLinks;

  const sweep = () => {
    const used = usedLinks(core);
    for (const [number, data] of links) {
      if (used.has(number)) continue;
      const key = keyOf(data);
      links.delete(number);
      numbers.delete(key);
      characters -= key.length;
    }
    enough = Math.max(sweptLinks, 2 * links.size);
  };

  service.registerLink = (data) => {
    const key = keyOf(data);
    if (key.length > longestLink) return 0;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const isFull = () => characters + key.length > mostCharacters;
    if (links.size >= enough || (isFull() && refused++ % refusedBetweenSweeps === 0)) sweep();
    if (isFull()) return 0;
    characters += key.length;
    links.set(++lastNumber, data);
    numbers.set(key, lastNumber);
    return lastNumber;
  };
  service.addLineToLink = () => {};
  service.getLinkData = (number) => links.get(number);
}

function keyOf({ id, uri }: LinkData): string {
  return JSON.stringify([id, uri]);
}

/** The links of all cells, and of the pen. */
function usedLinks({ _bufferService: { buffers }, _inputHandler }: Core): Set<number> {
  const used = new Set([_inputHandler._curAttrData.extended.urlId]);
  for (const { lines } of [buffers.normal, buffers.alt]) {
    for (let index = 0; index < lines.length; index++) {
      const line = lines.get(index);
      if (!line) continue;
      for (const column of Object.keys(line._extendedAttrs).map(Number))
        used.add(extendedAttributes(line, column)?.urlId ?? 0);
    }
  }
  return used;
}
