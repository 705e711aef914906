import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { format, type FormatOptions } from "oxfmt";
import { blocks } from "./blocks.ts";

// A place is `<!-- generated: NAME -->`, what was generated last, and `<!-- end -->`.
const place = /(<!-- generated: (.+?) -->\n)[^]*?(<!-- end -->)/g;

export const root = join(import.meta.dirname, "../../..");

/**
 * The page, formatted, with what the schemas say now in every generated place; the text around the places is written by hand.
 * @throws Error when a generated part has no place in the page, a place has no part or another's, or a link leads nowhere.
 */
export async function renew(page: string): Promise<string> {
  const left = new Map(Object.entries(blocks()));
  const renewed = page.replaceAll(place, (_whole, start: string, name: string, end: string) => {
    const block = left.get(name);
    if (block === undefined) throw new Error(`nothing (more) is generated for the place "${name}"`);
    left.delete(name);
    return `${start}\n${block}\n\n${end}`;
  });
  if (left.size > 0) throw new Error(`no place for ${[...left.keys()].map((name) => `"${name}"`).join(", ")}`);
  requireAnchors(renewed);
  return formatted(renewed);
}

/** As `npm run fmt` leaves it. */
async function formatted(page: string): Promise<string> {
  const options = JSON.parse(await readFile(join(root, ".oxfmtrc.json"), "utf8")) as FormatOptions;
  const { code, errors } = await format("api.md", page, options);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return code;
}

/** A type without a section of its own would be linked to nowhere. */
function requireAnchors(page: string): void {
  const headings = page.matchAll(/^#+ (.+)$/gm);
  const anchors = new Set(Array.from(headings, ([, heading]) => heading!.toLowerCase().replaceAll(" ", "-")));
  const links = Array.from(page.matchAll(/\]\(#(.+?)\)/g), ([, anchor]) => anchor!);
  const dead = links.filter((anchor) => !anchors.has(anchor));
  if (dead.length > 0) throw new Error(`no heading for #${dead.join(", #")}`);
}
