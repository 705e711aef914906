// Drawn on 24 by 24, with a stroke of the text's colour.
const paths = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20",
  transcript: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  shortcuts: "M3 6.5h18v11H3ZM7 10h.01M10.5 10h.01M14 10h.01M17.5 10h.01M8 14h8",
  fullScreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  leaveFullScreen: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
  previous: "M6 14.5l6-6 6 6",
  next: "M6 9.5l6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type Icon = keyof typeof paths;

/** A picture beside a name: it says nothing by itself. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** Makes a button one with a picture; its name is said, and shown when it is pointed at. */
export function dressButton(button: HTMLButtonElement, name: Icon, label: string, keys = ""): void {
  button.classList.add("icon-button");
  button.replaceChildren(icon(name));
  button.ariaLabel = label;
  button.title = keys === "" ? label : `${label} (${keys})`;
}
