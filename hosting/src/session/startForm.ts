import type { CallError } from "@cliscale/client";
import type { CreateSessionInput, Session } from "@cliscale/protocol";
import { byId, showError, showViolation } from "../dom.ts";
import { errorInWords } from "./words.ts";

export type StartRequest = Pick<CreateSessionInput, "bundle" | "command">;

/** The form that starts a session. */
export interface StartForm {
  /** Shows the form, its button with a text, or in its place what is running. */
  show(text: "Start" | "Start again"): void;
  showRunning(): void;
  /** Fills in what a session runs, so that it can be started again. */
  fill(session: Session): void;
  /** Shows why a start was refused: what is wrong with a field next to it, anything else above. */
  showRefusal(error: CallError): void;
}

export function createStartForm(onStart: (request: StartRequest) => void, signal: AbortSignal): StartForm {
  const form = byId("start-form", HTMLFormElement);
  const source = byId("source", HTMLInputElement);
  const sha256 = byId("sha256", HTMLInputElement);
  const sha256Field = byId("sha256-field", HTMLDivElement);
  const command = byId("command", HTMLInputElement);
  const button = byId("start", HTMLButtonElement);
  const running = byId("running", HTMLDivElement);
  const fields: Record<string, HTMLInputElement> = { "bundle.source": source, "bundle.sha256": sha256, command };

  /** Only what comes from the open web needs its hash. */
  function showNeededFields() {
    sha256Field.hidden = !source.value.startsWith("https:");
  }

  function readRequest(): StartRequest {
    const digest = sha256Field.hidden ? "" : sha256.value.trim();
    const bundle = { source: source.value.trim(), ...(digest === "" ? {} : { sha256: digest }) };
    return command.value.trim() === "" ? { bundle } : { bundle, command: command.value };
  }

  function clearViolations() {
    for (const field of Object.values(fields)) showViolation(field, "");
    showError("");
  }

  source.addEventListener("input", showNeededFields, { signal });
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      clearViolations();
      onStart(readRequest());
    },
    { signal },
  );
  showNeededFields();

  return {
    show(text) {
      form.hidden = false;
      running.hidden = true;
      button.textContent = text;
    },
    showRunning() {
      form.hidden = true;
      running.hidden = false;
      byId("running-source", HTMLParagraphElement).textContent = source.value;
      byId("running-command", HTMLParagraphElement).textContent = command.value;
    },
    fill(session) {
      source.value = session.bundle.source;
      sha256.value = session.bundle.sha256 ?? "";
      command.value = session.command ?? "";
      showNeededFields();
    },
    showRefusal(error) {
      const elsewhere: string[] = [];
      for (const { field, message } of error.details.violations ?? []) {
        const input = fields[field];
        if (input === sha256) sha256Field.hidden = false;
        if (input) showViolation(input, message);
        else elsewhere.push(`${field}: ${message}`);
      }
      const isAllShown = (error.details.violations ?? []).length > 0 && elsewhere.length === 0;
      showError(isAllShown ? "" : [errorInWords(error), ...elsewhere].join(" "));
    },
  };
}
