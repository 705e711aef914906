import { readFile, writeFile } from "node:fs/promises";

/** Renews what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a page of the documentation. */
export async function writeSections(page: string, sections: Record<string, string>): Promise<void> {
  let text = await readFile(page, "utf8");
  for (const [name, content] of Object.entries(sections)) {
    const section = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!section.test(text)) throw new Error(`${page} has no section ${name}`);
    text = text.replace(section, (_, begin: string, end: string) => `${begin}\n${content}\n\n${end}`);
  }
  await writeFile(page, text);
}

export function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
