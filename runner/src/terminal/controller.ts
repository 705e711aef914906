import type { Attachment } from "./attachment.ts";

/**
 * Whose size and answers count: the one that typed last, or while nobody has typed the first that said hello. So the
 * control passes on when its holder leaves, and a terminal with somebody attached is never without a controller.
 * `attachments` are in the order of their hellos.
 */
export function chooseController(attachments: Iterable<Attachment>): Attachment | undefined {
  let chosen: Attachment | undefined;
  for (const attachment of attachments) {
    if (!chosen || (attachment.typedAt ?? 0) > (chosen.typedAt ?? 0)) chosen = attachment;
  }
  return chosen;
}
