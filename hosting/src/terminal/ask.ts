/** A question to the reader. All of its texts are shown as text. */
export interface Question<Answer extends string> {
  title: string;
  text: string;
  /** What it is about, as it is, in a box of its own. */
  subject?: string;
  /** The first is what most will want. */
  answers: { answer: Answer; label: string }[];
  /** What leaves things as they are. */
  decline: string;
}

let count = 0;

/** Asks before anything else goes on. Returns undefined when the reader declines, or the signal aborts. */
export async function ask<Answer extends string>(
  question: Question<Answer>,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const focused = document.activeElement;
  const { dialog, answer } = build(question, signal);
  document.body.append(dialog);
  dialog.showModal();
  const given = await answer;
  if (focused instanceof HTMLElement) focused.focus();
  return given;
}

/** Asks beside what goes on: what is typed meanwhile must not answer a question that a program has caused. */
export function askAside<Answer extends string>(
  question: Question<Answer>,
  before: HTMLElement,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { dialog, answer } = build(question, signal);
  dialog.role = "alert";
  before.before(dialog);
  dialog.open = true;
  return answer;
}

function build<Answer extends string>(question: Question<Answer>, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const dialog = document.createElement("dialog");
  dialog.className = "question";
  const id = `question-${++count}`;
  dialog.setAttribute("aria-labelledby", id);
  const title = element("h2", question.title);
  title.id = id;
  const buttons = element("div", "");
  const settle = (given: Answer | undefined) => {
    dialog.remove();
    resolve(given);
  };
  const button = (label: string, given: Answer | undefined) => {
    const made = element("button", label);
    made.type = "button";
    made.addEventListener("click", () => settle(given));
    buttons.append(made);
    return made;
  };
  for (const { answer, label } of question.answers) button(label, answer);
  buttons.firstElementChild?.classList.add("primary");
  // Enter, pressed too soon, declines.
  button(question.decline, undefined).autofocus = true;
  dialog.append(title, element("p", question.text));
  if (question.subject !== undefined) {
    const subject = element("pre", question.subject);
    subject.tabIndex = 0;
    dialog.append(subject);
  }
  dialog.append(buttons);
  dialog.addEventListener("close", () => settle(undefined));
  signal.addEventListener("abort", () => settle(undefined));
  return { dialog, answer: promise };
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
