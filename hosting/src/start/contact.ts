import type { Account } from "../signIn/account.ts";

/** Whom to ask for access: a mail that says already who asks, a link, or just words. */
export function contactElement(contact: string | undefined, account: Account): Node {
  if (contact === undefined) return document.createTextNode("the operator of this service");
  const address = addressOf(contact, account);
  if (address === undefined) return document.createTextNode(contact);
  const link = document.createElement("a");
  link.href = address;
  link.textContent = contact;
  if (!address.startsWith("mailto:")) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
  return link;
}

function addressOf(contact: string, { name, uid }: Account): string | undefined {
  if (/^https?:\/\//.test(contact)) return URL.parse(contact)?.href;
  if (!/^[^\s@/:?]+@[^\s@/:?]+$/.test(contact)) return undefined;
  const subject = "Sessions on cliscale";
  const body = `Please let ${name} (user id ${uid}) start sessions at ${location.origin}.`;
  return `mailto:${contact}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;
}
