import type { ISearchOptions, SearchAddon } from "@xterm/addon-search";
import type { Terminal as Xterm } from "@xterm/xterm";

export interface FindOptions {
  regex: boolean;
  caseSensitive: boolean;
}

/** What was found: how many, and which of them is selected, from 0; -1 when none is, or when there are too many to tell. */
export interface FindResults {
  index: number;
  count: number;
}

/** Finds text on the screen and above it. */
export interface Finder {
  /**
   * Selects the next match, scrolls to it, and highlights all. An empty query takes the highlights away. Returns whether
   * there is one; what is no regular expression is found nowhere.
   */
  find(query: string, options: FindOptions, direction: "next" | "previous"): Promise<boolean>;
  /** Calls back when what was found changes, also because the program has printed. */
  onResults(listener: (results: FindResults) => void): void;
}

/** More matches are not highlighted: each one costs. */
const highlightLimit = 1000;

// Of all themes: text on them is kept readable by the minimum contrast.
const decorations = {
  matchBackground: "#7a5c00",
  matchOverviewRuler: "#e2b866",
  activeMatchBackground: "#b3561e",
  activeMatchBorder: "#ff9a5c",
  activeMatchColorOverviewRuler: "#ff9a5c",
};

/** The addon is loaded when something is looked for first. */
export function createFinder(xterm: Xterm): Finder {
  const listeners: ((results: FindResults) => void)[] = [];
  let loading: Promise<SearchAddon> | undefined;

  async function load(): Promise<SearchAddon> {
    const { SearchAddon } = await import("@xterm/addon-search");
    const addon = new SearchAddon({ highlightLimit });
    addon.onDidChangeResults(({ resultIndex, resultCount }) => tell({ index: resultIndex, count: resultCount }));
    xterm.loadAddon(addon);
    return addon;
  }

  function tell(results: FindResults) {
    for (const listener of listeners) listener(results);
  }

  return {
    async find(query, { regex, caseSensitive }, direction) {
      if (query === "" && !loading) return false;
      const addon = await (loading ??= load());
      if (query === "" || (regex && !isRegex(query))) {
        addon.clearDecorations();
        xterm.clearSelection();
        tell({ index: -1, count: 0 });
        return false;
      }
      const options: ISearchOptions = { regex, caseSensitive, decorations };
      return direction === "next" ? addon.findNext(query, options) : addon.findPrevious(query, options);
    },
    onResults: (listener) => void listeners.push(listener),
  };
}

function isRegex(query: string): boolean {
  try {
    return Boolean(new RegExp(query));
  } catch {
    return false;
  }
}
