import { CallError } from "@cliscale/client";
import { byId } from "../dom.ts";
import { errorInWords } from "../session/words.ts";
import type { Account } from "../signIn/account.ts";
import { contactElement } from "./contact.ts";

/** Tells a user who may not start sessions here what to ask for, and whom. */
export interface NotAllowed {
  show(error: CallError): void;
  hide(): void;
}

export interface NotAllowedOptions {
  account: Account;
  /** Whom to ask, where the deployment says so. */
  contact: string | undefined;
  /** Something may have changed. */
  onTryAgain: () => void;
  signal: AbortSignal;
}

export function createNotAllowed({ account, contact, onTryAgain, signal }: NotAllowedOptions): NotAllowed {
  const view = byId("not-allowed", HTMLElement);
  const answer = byId("not-allowed-answer", HTMLParagraphElement);
  const verify = byId("send-verification", HTMLButtonElement);
  const tryAgain = byId("try-again", HTMLButtonElement);
  byId("not-allowed-email", HTMLElement).textContent = account.name;
  byId("not-allowed-uid", HTMLElement).textContent = account.uid;
  byId("not-allowed-whom", HTMLElement).replaceChildren(contactElement(contact, account));

  async function run(button: HTMLButtonElement, action: () => Promise<string>) {
    answer.textContent = "";
    button.disabled = true;
    try {
      answer.textContent = await action();
    } catch (error) {
      answer.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      button.disabled = false;
      button.focus();
    }
  }

  async function sendVerification() {
    await account.sendVerification();
    return `A mail is on its way to ${account.name}. Open the link in it, then try again here.`;
  }

  async function renew() {
    await account.renew();
    onTryAgain();
    return "";
  }

  verify.addEventListener("click", () => void run(verify, sendVerification), { signal });
  tryAgain.addEventListener("click", () => void run(tryAgain, renew), { signal });

  return {
    show(error) {
      const isUnverified = error.details.verifyEmail === true;
      byId("not-allowed-reason", HTMLParagraphElement).textContent = isUnverified
        ? "You may start sessions here once your e-mail address is verified: have a mail sent, open the link in it, then try again."
        : errorInWords(error);
      byId("not-allowed-ask", HTMLParagraphElement).hidden = isUnverified;
      verify.hidden = !isUnverified;
      view.hidden = false;
      view.focus();
    },
    hide() {
      answer.textContent = "";
      view.hidden = true;
    },
  };
}
