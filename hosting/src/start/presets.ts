import templates from "@cliscale/functions/templates.json" with { type: "json" };
import { type Template, templatesSchema } from "@cliscale/protocol";
import { byId } from "../dom.ts";

/** The templates that the page was built with: those that ship, or the file that CLISCALE_TEMPLATES named then. */
const presets: readonly Template[] = templatesSchema.parse(templates);

/** Every variable that some preset asks for. */
export const presetVariables: ReadonlySet<string> = new Set(presets.flatMap(({ env }) => env));

const sourceOf = ({ name }: Template) => `template:${name}`;

/** The template that a source names, where the page knows it. */
export function presetOf(source: string): Template | undefined {
  return presets.find((preset) => sourceOf(preset) === source.trim());
}

/** The buttons that fill a template in. */
export interface PresetButtons {
  /** Marks the button of the template that a source names. */
  mark(source: string): void;
}

export function createPresetButtons(onChoice: (source: string) => void, signal: AbortSignal): PresetButtons {
  const buttons = presets.map((preset) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = preset.title;
    button.title = preset.description;
    button.dataset["source"] = sourceOf(preset);
    button.addEventListener("click", () => onChoice(sourceOf(preset)), { signal });
    return button;
  });
  byId("presets", HTMLDivElement).replaceChildren(...buttons);
  return {
    mark(source) {
      for (const button of buttons) button.ariaPressed = String(button.dataset["source"] === source.trim());
    },
  };
}
