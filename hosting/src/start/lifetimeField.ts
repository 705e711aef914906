import { byId } from "../dom.ts";
import { durationInWords } from "../session/words.ts";

/** Lifetimes to choose from, in seconds. The operator's maximum holds for all of them. */
const choices = [900, 3600, 7200, 14_400, 28_800];

/** The choice of a lifetime, in seconds; undefined is the service's default. */
export interface LifetimeField {
  readonly element: HTMLSelectElement;
  read(): number | undefined;
  fill(seconds: number | undefined): void;
}

export function createLifetimeField(): LifetimeField {
  const element = byId("lifetime", HTMLSelectElement);
  return {
    element,
    read: () => (element.value === "" ? undefined : Number(element.value)),
    fill(seconds) {
      const all = seconds === undefined || choices.includes(seconds) ? choices : [seconds, ...choices];
      const options = all.map((choice) => new Option(durationInWords(choice), String(choice)));
      element.replaceChildren(new Option("As this service has it", ""), ...options);
      element.value = seconds === undefined ? "" : String(seconds);
    },
  };
}
