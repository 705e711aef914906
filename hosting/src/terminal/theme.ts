import type { ITheme } from "@xterm/xterm";

const dark: ITheme = {
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
};

const light: ITheme = {
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
};

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** Calls back with the theme that the reader prefers, now and after each change, until the signal aborts. */
export function followTheme(listener: (theme: ITheme) => void, signal: AbortSignal): void {
  const tell = () => listener(prefersDark.matches ? dark : light);
  prefersDark.addEventListener("change", tell, { signal });
  tell();
}
