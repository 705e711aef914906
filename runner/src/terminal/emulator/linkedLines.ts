import { extendedAttributes } from "@cliscale/protocol";
import type { Internals, Line, ScreenBuffer } from "./internals.ts";

/** What a snapshot spends on links at most, in characters of a buffer. */
const mostCharacters = 16 * 1024 * 1024;

/**
 * The first line whose links are drawn: all lines from there on have some that together are not too long. A program may have
 * filled every cell with a long one.
 */
export function firstLinkedLine({ lines }: ScreenBuffer, links: Internals["_oscLinkService"]): number {
  let characters = 0;
  for (let index = lines.length - 1; index >= 0; index--) {
    characters += charactersOfLinks(lines.get(index), links);
    if (characters > mostCharacters) return index + 1;
  }
  return 0;
}

function charactersOfLinks(line: Line, links: Internals["_oscLinkService"]): number {
  let characters = 0;
  let [before, linked] = [-1, 0];
  for (const column of Object.keys(line._extendedAttrs).map(Number)) {
    const urlId = extendedAttributes(line, column)?.urlId ?? 0;
    const goesOn = column === before + 1 && urlId === linked;
    [before, linked] = [column, urlId];
    if (urlId === 0 || goesOn) continue;
    const { id = "", uri = "" } = links.getLinkData(urlId) ?? {};
    characters += id.length + uri.length;
  }
  return characters;
}
