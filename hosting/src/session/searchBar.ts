import { byId } from "../dom.ts";
import type { FindResults, TerminalView } from "../terminal/terminal.ts";
import { dressButton } from "./icons.ts";

/** Searches what the terminal has shown. */
export interface SearchBar {
  /** Opens it, or comes back to it. */
  open(view: TerminalView): void;
  /** Takes it away, with what it has highlighted. */
  close(): void;
}

export function createSearchBar(signal: AbortSignal): SearchBar {
  const bar = byId("search", HTMLFormElement);
  const query = byId("search-query", HTMLInputElement);
  const result = byId("search-result", HTMLParagraphElement);
  const followed = new WeakSet<TerminalView>();
  let view: TerminalView | undefined;
  let before: Element | null = null;

  function open(next: TerminalView) {
    if (bar.hidden) before = document.activeElement;
    view = next;
    follow(next);
    bar.hidden = false;
    query.select();
    query.focus();
    lookAnew();
  }

  function follow(next: TerminalView) {
    if (followed.has(next)) return;
    followed.add(next);
    next.onFindResults((results) => view === next && !bar.hidden && tell(results));
  }

  function close() {
    if (bar.hidden) return;
    bar.hidden = true;
    void view?.find("", options(), "next");
    if (before instanceof HTMLElement && before !== document.body && before.isConnected) before.focus();
    else view?.focus();
    view = undefined;
  }

  /** What came last is most often what is looked for, so the first match is the last one. */
  function look(direction: "next" | "previous" = "previous") {
    const problem = isPressed("search-regex") ? problemOf(query.value) : undefined;
    query.setAttribute("aria-invalid", String(problem !== undefined));
    if (query.value === "" || problem !== undefined) tell({ index: -1, count: 0 });
    if (problem !== undefined) result.textContent = problem;
    void view?.find(problem === undefined ? query.value : "", options(), direction);
  }

  /** From the end again, for what is asked has changed and not only grown. */
  function lookAnew() {
    void view?.find("", options(), "next");
    look();
  }

  function tell({ index, count }: FindResults) {
    if (query.ariaInvalid === "true") return;
    result.textContent = query.value === "" ? "" : resultInWords(index, count);
  }

  function onKey(event: KeyboardEvent) {
    if (event.isComposing || (event.key !== "Escape" && event.key !== "Enter")) return;
    if (event.key === "Enter" && event.target !== query) return;
    // Escape would leave full screen too.
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") close();
    else look(event.shiftKey ? "previous" : "next");
  }

  function press(button: HTMLButtonElement) {
    button.ariaPressed = String(button.ariaPressed !== "true");
    lookAnew();
  }

  bar.addEventListener("keydown", onKey, { signal });
  bar.addEventListener("submit", (event) => event.preventDefault(), { signal });
  query.addEventListener("input", () => look(), { signal });
  for (const id of ["search-case", "search-regex"]) {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener("click", () => press(button), { signal });
  }
  for (const [id, icon, label, keys, use] of [
    ["search-previous", "previous", "Previous match", "Shift+Enter", () => look("previous")],
    ["search-next", "next", "Next match", "Enter", () => look("next")],
    ["search-close", "close", "Close the search", "Esc", close],
  ] as const) {
    const button = byId(id, HTMLButtonElement);
    dressButton(button, icon, label, keys);
    button.addEventListener("click", use, { signal });
  }
  return { open, close };
}

function options() {
  return { regex: isPressed("search-regex"), caseSensitive: isPressed("search-case") };
}

function isPressed(id: string): boolean {
  return byId(id, HTMLButtonElement).ariaPressed === "true";
}

/** Why a query is no regular expression, in the browser's words; undefined when it is one. */
function problemOf(query: string): string | undefined {
  try {
    return void new RegExp(query);
  } catch (error) {
    const cause = (error as Error).message.split(": ").at(-1);
    return `Not a regular expression: ${cause}.`;
  }
}

function resultInWords(index: number, count: number): string {
  if (count === 0) return "No match";
  return index < 0 ? `${count} or more` : `${index + 1} of ${count}`;
}
