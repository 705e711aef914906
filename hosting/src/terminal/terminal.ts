// The terminal as a module: what the page has of it. Nothing else of this folder is for the page, and only types before it is loaded.
export { type AttachAddon, createAttachAddon } from "./attachAddon.ts";
export type { FindResults } from "./find.ts";
export type { Progress } from "./progress.ts";
export type { TranscriptForm } from "./transcribe.ts";
export { type TerminalView, createTerminalView } from "./terminalView.ts";
