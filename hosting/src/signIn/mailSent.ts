import { byId } from "../dom.ts";
import { inWords } from "./signInError.ts";

/** Says that a mail with a link is on its way, and what to do with it. */
export interface MailSent {
  show(email: string): void;
  hide(): void;
}

export interface MailSentOptions {
  /** The Auth emulator sends nothing. */
  isEmulated: boolean;
  onAgain: (email: string) => Promise<void>;
  onBack: (email: string) => void;
}

export function createMailSent({ isEmulated, onAgain, onBack }: MailSentOptions): MailSent {
  const view = byId("mail-sent", HTMLElement);
  const to = byId("mail-sent-to", HTMLElement);
  const note = byId("mail-sent-note", HTMLParagraphElement);
  const again = byId("send-link-again", HTMLButtonElement);
  byId("mail-sent-emulator", HTMLParagraphElement).hidden = !isEmulated;

  async function sendAgain() {
    note.textContent = "";
    again.disabled = true;
    try {
      await onAgain(to.textContent);
      note.textContent = `Sent again at ${new Date().toLocaleTimeString()}.`;
    } catch (error) {
      note.textContent = inWords(error).message;
    } finally {
      again.disabled = false;
      again.focus();
    }
  }

  again.addEventListener("click", () => void sendAgain());
  byId("mail-sent-back", HTMLButtonElement).addEventListener("click", () => onBack(to.textContent));

  return {
    show(email) {
      to.textContent = email;
      note.textContent = "";
      view.hidden = false;
      view.focus();
    },
    hide() {
      view.hidden = true;
    },
  };
}
