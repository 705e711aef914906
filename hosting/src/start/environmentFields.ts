import { byId } from "../dom.ts";
import type { Variable } from "./startFields.ts";

/** The rows of the environment: a name and a masked value each. */
export interface EnvironmentFields {
  read(): Variable[];
  /** Puts rows in place of those there are. */
  fill(variables: Variable[]): void;
  /**
   * Has a row for each of the names. Rows go that have no value, or one that another preset asks for: what was typed for one
   * agent is not handed to the next.
   */
  ask(names: string[], ofOtherPresets: ReadonlySet<string>): void;
  /** The field of a variable's name, by the name that is in it. */
  nameField(name: string): HTMLInputElement | undefined;
  nameFields(): HTMLInputElement[];
}

export function createEnvironmentFields(onChange: () => void, signal: AbortSignal): EnvironmentFields {
  const list = byId("environment", HTMLDivElement);
  let rows: { name: HTMLInputElement; value: HTMLInputElement; element: HTMLElement }[] = [];
  let made = 0;

  function add(variable: Variable) {
    const id = `variable-${++made}`;
    const name = input(`${id}-name`, "text", "Name", variable.name);
    const value = input(`${id}-value`, "password", "Value", variable.value);
    const violation = document.createElement("p");
    violation.id = `${name.id}-violation`;
    violation.className = "violation";
    name.setAttribute("aria-describedby", violation.id);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "Remove";
    remove.ariaLabel = "Remove this variable";
    const element = document.createElement("div");
    element.className = "variable";
    element.append(name, value, remove, violation);
    const row = { name, value, element };
    remove.addEventListener("click", () => {
      drop(row);
      onChange();
      addButton.focus();
    });
    rows.push(row);
    list.append(element);
    return row;
  }

  function drop(row: (typeof rows)[number]) {
    row.element.remove();
    rows = rows.filter((other) => other !== row);
  }

  const addButton = byId("add-variable", HTMLButtonElement);
  addButton.addEventListener("click", () => add({ name: "", value: "" }).name.focus(), { signal });

  return {
    read: () => rows.map(({ name, value }) => ({ name: name.value, value: value.value })),
    fill(variables) {
      for (const row of rows) drop(row);
      for (const variable of variables) add(variable);
    },
    ask(names, ofOtherPresets) {
      for (const row of rows) {
        const isNeeded = row.value.value !== "" && !ofOtherPresets.has(row.name.value.trim());
        if (!isNeeded && !names.includes(row.name.value)) drop(row);
      }
      const known = new Set(rows.map(({ name }) => name.value));
      for (const name of names) if (!known.has(name)) add({ name, value: "" });
    },
    nameField: (wanted) => rows.find(({ name }) => name.value.trim() === wanted)?.name,
    nameFields: () => rows.map(({ name }) => name),
  };
}

/** Values are passwords to the browser, which keeps those out of its history of forms and of what it restores. */
function input(id: string, type: "text" | "password", label: string, value: string): HTMLInputElement {
  const field = document.createElement("input");
  Object.assign(field, { id, type, value, placeholder: label, ariaLabel: label, spellcheck: false });
  field.autocomplete = "off";
  field.autocapitalize = "off";
  return field;
}
