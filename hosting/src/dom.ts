/**
 * The element of the page with an id.
 * @throws Error when there is none of that kind: page and code do not belong together.
 */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return element;
}

/** Shows what is wrong next to a field, or that nothing is. */
export function showViolation(field: HTMLElement, message: string): void {
  const place = byId(`${field.id}-violation`, HTMLParagraphElement);
  place.textContent = message;
  field.setAttribute("aria-invalid", String(message !== ""));
}

/** Shows a message for the page as a whole, or none. */
export function showError(message: string): void {
  byId("error", HTMLParagraphElement).textContent = message;
}
