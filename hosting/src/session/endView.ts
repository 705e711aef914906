import type { Ended } from "@cliscale/client";
import type { Session } from "@cliscale/protocol";
import { byId } from "../dom.ts";
import { endFacts } from "./endFacts.ts";

/** How a session has ended, with what to do next. */
export interface EndView {
  /** The session that may end, as it was last seen. */
  know(session: Session): void;
  /** `seenUntil` is when the connection was lost, where it was not there at the end. */
  show(ended: Ended, seenUntil?: Date): void;
  hide(): void;
  focus(): void;
}

export function createEndView(): EndView {
  const view = byId("end", HTMLElement);
  let known: Session | undefined;

  return {
    know(session) {
      known = session;
    },
    show(ended, seenUntil) {
      const facts = endFacts(ended, ended.session ?? known, new Date(), seenUntil);
      byId("end-facts", HTMLDListElement).replaceChildren(...facts.map(([name, value]) => fact(name, value)));
      view.hidden = false;
      // From the terminal, which takes no more keys. Not to a button: what is still being typed must not press it.
      if (document.activeElement === document.body) view.focus({ preventScroll: true });
    },
    hide() {
      known = undefined;
      view.hidden = true;
    },
    focus: () => view.focus(),
  };
}

function fact(name: string, value: string): HTMLElement {
  const element = document.createElement("div");
  const [term, description] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name;
  description.textContent = value;
  element.append(term, description);
  return element;
}
