import type { SignInMethod } from "../configuration.ts";
import { byId, showError, showViolation } from "../dom.ts";
import type { Authentication } from "./authentication.ts";
import { inWords } from "./signInError.ts";

/** The form for signing in and signing up, with the ways that are offered. Who succeeds is reported by `authentication.onUser`. */
export interface SignInForm {
  /** Shows the form, with an address in it where one is known. */
  show(email?: string): void;
  hide(): void;
  focus(): void;
  /** Shows what went wrong, next to its field or above. */
  showProblem(error: unknown): void;
}

/** `onLinkWanted` sends a link to an address. */
export function createSignInForm(
  authentication: Authentication,
  methods: readonly SignInMethod[],
  onLinkWanted: (email: string) => Promise<void>,
): SignInForm {
  const form = byId("sign-in-form", HTMLFormElement);
  const email = byId("email", HTMLInputElement);
  const password = byId("password", HTMLInputElement);
  const note = byId("sign-in-note", HTMLParagraphElement);
  const buttons = [...form.querySelectorAll("button")];
  offer(methods);

  /** Runs what a button asks for; the form waits for it. */
  async function run(action: () => Promise<void>) {
    clearProblems();
    for (const button of buttons) button.disabled = true;
    try {
      await action();
    } catch (error) {
      showProblem(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  function showProblem(error: unknown) {
    const { field, message } = inWords(error);
    const input = field && { email, password }[field];
    if (!input || input.disabled) return showError(message);
    showViolation(input, message);
    input.focus();
  }

  function clearProblems() {
    showViolation(email, "");
    showViolation(password, "");
    showError("");
    note.textContent = "";
  }

  async function enter(isNew: boolean) {
    if (isNew) await authentication.signUp(email.value, password.value);
    else await authentication.signIn(email.value, password.value);
    form.reset();
  }

  async function resetPassword() {
    await authentication.sendPasswordReset(email.value);
    note.textContent = `If ${email.value} has an account here, a mail on how to choose another password is on its way to it.`;
  }

  /** For what needs the address alone. */
  function withEmail(action: () => Promise<void>) {
    if (email.reportValidity()) void run(action);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(
      methods.includes("password") ? () => enter(event.submitter?.id === "sign-up") : () => onLinkWanted(email.value),
    );
  });
  on("google", () => void run(() => authentication.signInWithGoogle()));
  on("send-link", () => withEmail(() => onLinkWanted(email.value)));
  on("reset-password", () => withEmail(resetPassword));

  return {
    show(address) {
      if (address !== undefined) email.value = address;
      clearProblems();
      form.hidden = false;
    },
    hide() {
      form.hidden = true;
    },
    focus: () => form.querySelector<HTMLElement>("button:not([hidden]), input:enabled")?.focus(),
    showProblem,
  };
}

/** Leaves of the form what belongs to the ways of signing in that are offered. */
function offer(methods: readonly SignInMethod[]) {
  const [google, emailLink, password] = [
    methods.includes("google"),
    methods.includes("emailLink"),
    methods.includes("password"),
  ];
  byId("google", HTMLButtonElement).hidden = !google;
  byId("sign-in-or", HTMLParagraphElement).hidden = !google || !(emailLink || password);
  byId("email-field", HTMLDivElement).hidden = !emailLink && !password;
  byId("email", HTMLInputElement).disabled = !emailLink && !password;
  byId("password-field", HTMLDivElement).hidden = !password;
  byId("password", HTMLInputElement).disabled = !password;
  byId("password-buttons", HTMLDivElement).hidden = !password;
  byId("reset-password", HTMLButtonElement).hidden = !password;
  const link = byId("send-link", HTMLButtonElement);
  link.hidden = !emailLink;
  link.classList.toggle("primary", !password);
}

function on(button: string, action: () => void) {
  byId(button, HTMLButtonElement).addEventListener("click", action);
}
