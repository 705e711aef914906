import type { CallError } from "@cliscale/client";
import type { Session, Violation } from "@cliscale/protocol";
import { byId, showError, showViolation } from "../dom.ts";
import { errorInWords } from "../session/words.ts";
import { checkFields } from "./checkFields.ts";
import { createEnvironmentFields } from "./environmentFields.ts";
import { createLifetimeField } from "./lifetimeField.ts";
import { createPresetButtons, presetOf, presetVariables } from "./presets.ts";
import { type StartFields, type StartRequest, needsDigest, requestOf } from "./startFields.ts";
import { fieldsOfLink, linkTo } from "./startLink.ts";

/** The form that starts a session. */
export interface StartForm {
  show(): void;
  hide(): void;
  /** Fills in what a link says, which is shown; nothing is started by it. */
  fillFromLink(link: URLSearchParams): void;
  /** Fills in what a session runs, so that it can be started again; values of variables are known to nobody. */
  fillFromSession(session: Session): void;
  /** Starts what the fields say, unless something is wrong with them. */
  submit(): void;
  /** Shows why a start was refused: what is wrong with a field next to it, anything else above. */
  showRefusal(error: CallError): void;
  /** Forgets all that was typed. */
  clear(): void;
}

const empty: StartFields = {
  source: "template:shell",
  sha256: "",
  command: "",
  variables: [],
  lifetimeSeconds: undefined,
};

/** What is wrong is said once typing has paused for so many milliseconds; what has been put right, at once. */
const pauseMilliseconds = 500;

export function createStartForm(onStart: (request: StartRequest) => void, signal: AbortSignal): StartForm {
  const form = byId("start-form", HTMLFormElement);
  const source = byId("source", HTMLInputElement);
  const sha256 = byId("sha256", HTMLInputElement);
  const command = byId("command", HTMLInputElement);
  const copyLink = byId("copy-link", HTMLAnchorElement);
  const copyResult = byId("copy-link-result", HTMLSpanElement);
  const linkNotice = byId("link-notice", HTMLParagraphElement);
  const lifetime = createLifetimeField();
  const environment = createEnvironmentFields(change, signal);
  const presets = createPresetButtons(choose, signal);
  let pause: ReturnType<typeof setTimeout> | undefined;

  const read = (): StartFields => ({
    source: source.value,
    sha256: sha256.value,
    command: command.value,
    variables: environment.read(),
    lifetimeSeconds: lifetime.read(),
  });

  function fill(fields: StartFields) {
    source.value = fields.source;
    sha256.value = fields.sha256;
    command.value = fields.command;
    environment.fill(fields.variables);
    lifetime.fill(fields.lifetimeSeconds);
    linkNotice.hidden = true;
    showViolations([]);
    follow();
  }

  function choose(preset: string) {
    source.value = preset;
    command.value = "";
    environment.ask(presetOf(preset)?.env ?? [], presetVariables);
    change();
  }

  /** What depends on other fields. */
  function follow() {
    const preset = presetOf(source.value);
    presets.mark(source.value);
    byId("source-hint", HTMLParagraphElement).textContent = preset
      ? `${preset.description}${preset.source.startsWith("template:") ? "" : ` Runs ${preset.source}.`}`
      : "npm:NAME@VERSION, https://HOST/… (tgz or zip), a GitHub folder at a commit, or template:NAME.";
    byId("sha256-field", HTMLDivElement).hidden = !needsDigest(source.value);
    command.placeholder = preset?.command ?? (preset ? "an interactive shell" : "the bundle’s own program");
    copyLink.href = linkTo(read());
    copyResult.textContent = "";
  }

  function change() {
    follow();
    const found = checkFields(read());
    const shown = new Set(found.map(({ field }) => fieldOf(field)));
    for (const field of allFields()) if (!shown.has(field)) showViolation(field, "");
    clearTimeout(pause);
    pause = setTimeout(() => showViolations(found), pauseMilliseconds);
  }

  /** Shows what is wrong next to its fields, and returns what belongs to none. */
  function showViolations(violations: Violation[]): Violation[] {
    clearTimeout(pause);
    for (const field of allFields()) {
      const own = violations.filter((violation) => fieldOf(violation.field) === field);
      showViolation(field, own.map(({ message }) => message).join("; "));
    }
    return violations.filter(({ field }) => !fieldOf(field));
  }

  function fieldOf(path: string): HTMLElement | undefined {
    switch (path) {
      case "bundle.source":
        return source;
      case "bundle.sha256":
        return sha256;
      case "command":
        return command;
      case "lifetimeSeconds":
        return lifetime.element;
      case "env":
        return byId("environment", HTMLDivElement);
      default:
        return path.startsWith("env.") ? environment.nameField(path.slice("env.".length)) : undefined;
    }
  }

  function allFields(): HTMLElement[] {
    return [
      source,
      sha256,
      command,
      byId("environment", HTMLDivElement),
      ...environment.nameFields(),
      lifetime.element,
    ];
  }

  const focusFirstWrong = () => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();

  function submit() {
    showError("");
    const fields = read();
    const violations = checkFields(fields);
    const elsewhere = showViolations(violations);
    if (violations.length === 0) return onStart(requestOf(fields));
    showError(elsewhere.map(inWords).join(" "));
    form.hidden = false;
    focusFirstWrong();
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(copyLink.href);
      copyResult.textContent = "Copied, without the values of variables.";
    } catch {
      copyResult.textContent = "The browser does not let this page copy: use the link’s own menu.";
    }
  }

  form.addEventListener("input", change, { signal });
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      submit();
    },
    { signal },
  );
  copyLink.addEventListener(
    "click",
    (event) => {
      event.preventDefault();
      void copy();
    },
    { signal },
  );
  fill(empty);

  return {
    show() {
      form.hidden = false;
    },
    hide() {
      form.hidden = true;
    },
    fillFromLink(link) {
      fill(fieldsOfLink(link));
      linkNotice.hidden = false;
      showViolations(checkFields(read()));
    },
    fillFromSession({ bundle, command: runs = "" }) {
      const variables = (presetOf(bundle.source)?.env ?? []).map((name) => ({ name, value: "" }));
      const { source: from, sha256: digest = "" } = bundle;
      fill({ ...empty, source: from, sha256: digest, command: runs, variables });
    },
    submit,
    showRefusal(error) {
      const violations = error.details.violations ?? [];
      if (violations.some(({ field }) => field === "bundle.sha256"))
        byId("sha256-field", HTMLDivElement).hidden = false;
      const elsewhere = showViolations(violations);
      const isAllShown = violations.length > 0 && elsewhere.length === 0;
      showError(isAllShown ? "" : [errorInWords(error), ...elsewhere.map(inWords)].join(" "));
      focusFirstWrong();
    },
    clear: () => fill(empty),
  };
}

function inWords({ field, message }: Violation): string {
  return `${field}: ${message}.`;
}
