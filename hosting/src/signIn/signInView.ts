import type { Configuration } from "../configuration.ts";
import { byId, showError, showViolation } from "../dom.ts";
import type { Authentication } from "./authentication.ts";
import { createMailSent } from "./mailSent.ts";
import { inWords } from "./signInError.ts";
import { createSignInForm } from "./signInForm.ts";
import { forgetSentLink, rememberSentLink, sentLink } from "./signInLink.ts";

/** What is shown to who is not signed in: the form, or how it goes on with a link that was sent by mail. */
export interface SignInView {
  show(): void;
  hide(): void;
}

/** `link` is the address by which this page was opened, where that is a link of a mail. */
export function createSignInView(
  authentication: Authentication,
  { signIn, authEmulatorUrl }: Configuration,
  link: string | undefined,
): SignInView {
  const form = createSignInForm(authentication, signIn, sendLink);
  const mailSent = createMailSent({
    isEmulated: authEmulatorUrl !== undefined,
    onAgain: (email) => authentication.sendLink(email),
    onBack: backToForm,
  });
  const confirm = byId("confirm-form", HTMLFormElement);
  const confirmEmail = byId("confirm-email", HTMLInputElement);
  const busy = byId("signing-in", HTMLParagraphElement);
  let unopened = link;

  async function sendLink(email: string) {
    await authentication.sendLink(email);
    rememberSentLink(email);
    hide();
    mailSent.show(email);
  }

  /** Signs in by the link of this page's address, which works once. */
  async function openLink(opened: string) {
    const own = sentLink();
    if (!own) return askForAddress();
    busy.hidden = false;
    if (location.hash === "") history.replaceState(null, "", own.hash || location.pathname);
    await enter(own.email, opened);
    forgetSentLink();
  }

  /** Where a link was not sent from this browser: else anybody could sign the reader in as somebody else, by a link of theirs. */
  function askForAddress(problem = "") {
    hide();
    confirm.hidden = false;
    showViolation(confirmEmail, problem);
    confirmEmail.focus();
  }

  async function enter(email: string, opened: string) {
    showError("");
    try {
      await authentication.signInWithLink(email, opened);
      confirm.reset();
    } catch (error) {
      const { field, message } = inWords(error);
      if (field === "email") return askForAddress(message);
      hide();
      form.show(email);
      form.showProblem(error);
    }
  }

  function backToForm(email?: string) {
    hide();
    form.show(email);
    form.focus();
  }

  function hide() {
    busy.hidden = true;
    confirm.hidden = true;
    form.hide();
    mailSent.hide();
  }

  byId("confirm-back", HTMLButtonElement).addEventListener("click", () => backToForm());
  confirm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (link !== undefined) void enter(confirmEmail.value, link);
  });

  return {
    show() {
      hide();
      const opened = unopened;
      unopened = undefined;
      if (opened === undefined) form.show();
      else void openLink(opened);
    },
    hide() {
      // Who is signed in has no use for a link, be it used or not.
      unopened = undefined;
      hide();
    },
  };
}
