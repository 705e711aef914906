import { followShownTheme } from "../shownTheme.ts";

/** Has the whole page look as the reader prefers it, or else the system, as long as the page is open. */
export function themePage(): void {
  followShownTheme((theme) => {
    document.documentElement.dataset["theme"] = theme;
  }, new AbortController().signal);
}
