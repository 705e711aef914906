/**
 * Makes the buttons of an element one stop for Tab, among which the arrow keys move, as toolbars and menus have it:
 * https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_roving_tabindex
 */
export function rove(element: HTMLElement, axis: "horizontal" | "vertical", signal: AbortSignal): void {
  const [back, forth] =
    axis === "horizontal" ? (["ArrowLeft", "ArrowRight"] as const) : (["ArrowUp", "ArrowDown"] as const);

  function move(event: KeyboardEvent) {
    const buttons = usableButtons(element);
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = ({ [back]: at - 1, [forth]: at + 1, Home: 0, End: -1 } as Record<string, number>)[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  }

  /** Tab comes back to the button that was used last. */
  function remember({ target }: FocusEvent) {
    for (const button of element.querySelectorAll("button")) button.tabIndex = button === target ? 0 : -1;
  }

  element.addEventListener("keydown", move, { signal });
  element.addEventListener("focusin", remember, { signal });
  for (const [index, button] of element.querySelectorAll("button").entries()) button.tabIndex = index === 0 ? 0 : -1;
}

/** The buttons that can be pressed now. */
export function usableButtons(element: HTMLElement): HTMLButtonElement[] {
  return [...element.querySelectorAll("button")].filter((button) => !button.disabled && button.checkVisibility());
}
