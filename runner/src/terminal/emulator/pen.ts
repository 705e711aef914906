import { type Attributes, cellBits, type ExtendedAttributes, type Internals } from "./internals.ts";

const { foreground, background } = cellBits;

/** Writes what switches the pen from one set of attributes to another. */
export interface Pen {
  /** What selects these attributes; nothing where they are selected. */
  select: (fg: number, bg: number, extended: ExtendedAttributes | undefined) => string;
  /** What selects those that a program goes on with, and what it has prepared for underlines to come. */
  selectCurrent: (attributes: Attributes) => string;
  /** What selects a background to erase with, and nothing else. */
  selectErase: (bg: number) => string;
  /** Whether links are selected too, or left out. */
  showLinks: (isOn: boolean) => void;
  /** Something else has changed the pen: the next selection is written out. */
  forget: () => void;
}

/** Creates the pen of a terminal that has just been cleared. */
export function createPen(links: Internals["_oscLinkService"]): Pen {
  let selectedFg = 0;
  let selectedBg = 0;
  let selectedExtended: ExtendedAttributes | undefined;
  let selectedUrl = 0;
  let showsLinks = true;

  const select: Pen["select"] = (fg, bg, extended) => {
    if (fg === selectedFg && bg === selectedBg && extended === selectedExtended) return "";
    selectedFg = fg;
    selectedBg = bg;
    selectedExtended = extended;
    // The reset ends protection too, and leaves a link as it is.
    const protection = bg & background.isProtected ? '\x1b[1"q' : "";
    const numbers = rendition(fg, bg, underlineStyle(extended), extended?.underlineColor ?? 0);
    return `\x1b[${["", ...numbers].join(";")}m${protection}${selectLink((showsLinks && extended?.urlId) || 0)}`;
  };

  const selectLink = (urlId: number) => {
    if (urlId === selectedUrl) return "";
    selectedUrl = urlId;
    const link = urlId ? links.getLinkData(urlId) : undefined;
    return `\x1b]8;${link?.id === undefined ? "" : `id=${link.id}`};${link?.uri ?? ""}\x07`;
  };

  return {
    select,
    selectCurrent: ({ fg, bg, extended }) => {
      const isExtended = (bg & background.hasExtended) !== 0 || extended.underlineColor !== 0;
      return select(fg, bg, isExtended ? extended : undefined);
    },
    showLinks: (isOn) => {
      if (isOn !== showsLinks) selectedFg = NaN;
      showsLinks = isOn;
    },
    forget: () => {
      selectedFg = NaN;
    },
    selectErase: (bg) => select(0, bg & (cellBits.colourMode | cellBits.rgbMask), undefined),
  };
}

function underlineStyle(extended: ExtendedAttributes | undefined): number {
  if (!extended) return 1;
  const style = (extended._ext >>> cellBits.underlineStyleShift) & 7;
  return style || (extended.urlId ? 1 : 0);
}

/** The numbers of an SGR sequence behind its reset. */
function rendition(fg: number, bg: number, underline: number, underlineColour: number): string[] {
  const numbers: string[] = [];
  if (fg & foreground.bold) numbers.push("1");
  if (bg & background.dim) numbers.push("2");
  if (bg & background.italic) numbers.push("3");
  if (fg & foreground.underline && underline) numbers.push(`4:${underline}`);
  if (fg & foreground.blink) numbers.push("5");
  if (fg & foreground.inverse) numbers.push("7");
  if (fg & foreground.invisible) numbers.push("8");
  if (fg & foreground.strikethrough) numbers.push("9");
  if (bg & background.overline) numbers.push("53");
  numbers.push(...colour(fg, 30), ...colour(bg, 40));
  numbers.push(...colour(underlineColour, 50));
  return numbers;
}

/** A colour's numbers; `base` is 30 for the text, 40 for what is behind it, 50 for its underline. */
function colour(value: number, base: number): string[] {
  switch (value & cellBits.colourMode) {
    case cellBits.palette16:
      return [String(base + (value & 7) + (value & 8 ? 60 : 0))];
    case cellBits.palette256:
      return [`${base + 8};5;${value & 0xff}`];
    case cellBits.rgb:
      return [`${base + 8};2;${(value >>> 16) & 0xff};${(value >>> 8) & 0xff};${value & 0xff}`];
    default:
      return [];
  }
}
