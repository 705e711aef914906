import type { ITheme } from "@xterm/xterm";
import type { ShownTheme } from "../shownTheme.ts";

const dark = {
  background: "#14181c",
  foreground: "#d7dde2",
  cursor: "#4fd1c5",
  cursorAccent: "#14181c",
  selectionBackground: "#2f4a55",
  black: "#2a3036",
  red: "#f07178",
  green: "#7fc98b",
  yellow: "#e2b866",
  blue: "#6aa9f0",
  magenta: "#c792ea",
  cyan: "#5fc9d4",
  white: "#c8d0d6",
  brightBlack: "#7d8891",
  brightRed: "#ff8b92",
  brightGreen: "#9ce0a7",
  brightYellow: "#f3d08c",
  brightBlue: "#8cc0ff",
  brightMagenta: "#dab0f5",
  brightCyan: "#86e1ea",
  brightWhite: "#f4f7f9",
} satisfies ITheme;

const light = {
  background: "#ffffff",
  foreground: "#22292f",
  cursor: "#0f766e",
  cursorAccent: "#ffffff",
  selectionBackground: "#cfe6e3",
  black: "#22292f",
  red: "#b3261e",
  green: "#1d7a34",
  yellow: "#8a6100",
  blue: "#1f5fae",
  magenta: "#8a3ba8",
  cyan: "#0b6f7c",
  white: "#5d6870",
  brightBlack: "#6b757d",
  brightRed: "#c9362d",
  brightGreen: "#228a3d",
  brightYellow: "#976c00",
  brightBlue: "#2a70c8",
  brightMagenta: "#9d4bbd",
  brightCyan: "#0d7f8e",
  brightWhite: "#39434b",
} satisfies ITheme;

const highContrast = {
  ...dark,
  background: "#000000",
  foreground: "#ffffff",
  cursor: "#ffff00",
  cursorAccent: "#000000",
  selectionBackground: "#ffffff",
  selectionForeground: "#000000",
  black: "#000000",
  white: "#ffffff",
  brightBlack: "#b8b8b8",
  brightWhite: "#ffffff",
} satisfies ITheme;

/** What WCAG asks of text, in its levels AA and AAA. */
const contrast = { usual: 4.5, high: 7 };

export interface Look {
  colours: ITheme & { background: string };
  /** Colours of programs that come closer to their background are moved away from it. */
  minimumContrast: number;
}

const looks: Record<ShownTheme, Look> = {
  light: { colours: light, minimumContrast: contrast.usual },
  dark: { colours: dark, minimumContrast: contrast.usual },
  "high-contrast": { colours: highContrast, minimumContrast: contrast.high },
};

/** How a terminal looks in a theme. */
export function lookOf(theme: ShownTheme): Look {
  return looks[theme];
}
