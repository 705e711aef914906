import { type Authentication, SignInError } from "./authentication.ts";
import { byId, showError, showViolation } from "./dom.ts";

/** Makes the form for signing in and signing up work. Who succeeds is reported by `authentication.onUser`. */
export function createSignInForm(authentication: Authentication): HTMLFormElement {
  const form = byId("sign-in-form", HTMLFormElement);
  const email = byId("email", HTMLInputElement);
  const password = byId("password", HTMLInputElement);
  const buttons = [...form.querySelectorAll("button")];

  async function submit(isNew: boolean) {
    showProblem(undefined);
    for (const button of buttons) button.disabled = true;
    try {
      if (isNew) await authentication.signUp(email.value, password.value);
      else await authentication.signIn(email.value, password.value);
      form.reset();
    } catch (error) {
      showProblem(error instanceof SignInError ? error : new SignInError(String(error), undefined, error));
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  function showProblem(problem: SignInError | undefined) {
    const { field, message = "" } = problem ?? {};
    showViolation(email, field === "email" ? message : "");
    showViolation(password, field === "password" ? message : "");
    showError(field === undefined ? message : "");
    if (field) (field === "email" ? email : password).focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(event.submitter?.id === "sign-up");
  });
  return form;
}
