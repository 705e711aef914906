/** For so long a program is taken to wait for an answer, in milliseconds; one that comes later it would take for typing. */
const patienceMilliseconds = 2000;
/** More than so many are not waited for at once. */
const most = 100;
/** How often it is noted how far the output has come, in milliseconds. */
const noteMilliseconds = 100;

/** The terminal queries of a program that a client has been sent, and may not have answered before its socket closed. */
export interface OpenQueries {
  /** Output has come in; it now ends here. */
  noteOutput: (head: number) => void;
  /** Queries before this offset are too old to be answered. */
  recentStart: (head: number) => number;
  /** There is a query in the output, which would be given this reply by default. */
  asked: (reply: string) => void;
  /** The client has sent input, which may be replies. */
  answered: (input: Buffer) => void;
  /** The default replies to what no reply has come to; from now on they count as given. */
  take: () => string[];
}

interface Dated {
  at: number;
}

export function createOpenQueries(): OpenQueries {
  /** When output has come in, and where it begins. */
  let notes: (Dated & { start: number })[] = [];
  let noted = 0;
  let queries: (Dated & { reply: string })[] = [];
  let answers: (Dated & { shape: string })[] = [];
  return {
    noteOutput: (head) => {
      const at = performance.now();
      if (at - (notes.at(-1)?.at ?? -Infinity) >= noteMilliseconds) notes = [...recent(notes), { at, start: noted }];
      noted = head;
    },
    recentStart: (head) => recent(notes)[0]?.start ?? head,
    asked: (reply) => {
      queries = [...recent(queries), { at: performance.now(), reply }];
    },
    answered: (input) => {
      const at = performance.now();
      answers = [...recent(answers), ...shapesOf(input.toString("latin1")).map((shape) => ({ at, shape }))];
    },
    take: () => {
      const given = recent(answers).map(({ shape }) => shape);
      const open = recent(queries).filter(({ reply }) => {
        const index = given.indexOf(shapesOf(reply)[0] ?? "");
        if (index >= 0) given.splice(index, 1);
        return index === -1;
      });
      queries = [];
      answers = [];
      return open.map(({ reply }) => reply);
    },
  };
}

function recent<Item extends Dated>(items: Item[]): Item[] {
  return items.filter(({ at }) => at > performance.now() - patienceMilliseconds).slice(-most);
}

/** What the replies in a text are replies to: the same for all that could answer one query. */
function shapesOf(text: string): string[] {
  return text
    .split("\x1b")
    .slice(1)
    .filter((sequence) => "[]P".includes(sequence.charAt(0)) && sequence.length > 1)
    .map((sequence) => {
      const [colour = ""] = sequence.split("rgb:", 1);
      if (colour !== sequence) return colour;
      const shape = sequence.replaceAll(/[\d;]+/g, "#");
      // A setting or a name is told in the terminal's own words.
      return shape.startsWith("P") ? shape.slice(0, 4) : shape;
    });
}
