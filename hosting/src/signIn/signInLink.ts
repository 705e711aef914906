// The link of a mail that signs its reader in: which one this page was opened by, and whom one was sent to from this browser.

const key = "cliscale.signInLink";

/** What is kept of a link that was sent from here, for when it is opened. */
export interface SentLink {
  email: string;
  /** What the page showed, to be shown again: a link that fills the form in, or a session. */
  hash: string;
}

/** The address of this page if it is such a link; its code is out of the address bar and the history from then on. */
export function takeSignInLink(): string | undefined {
  const { href, pathname, search, hash } = location;
  const query = new URLSearchParams(search);
  if (query.get("mode") !== "signIn" || !query.has("oobCode")) return undefined;
  history.replaceState(null, "", pathname + hash);
  return href;
}

export function rememberSentLink(email: string): void {
  try {
    localStorage.setItem(key, JSON.stringify({ email, hash: location.hash } satisfies SentLink));
  } catch {
    // Storage may be forbidden: then the link asks for the address, as it does on another device.
  }
}

export function sentLink(): SentLink | undefined {
  try {
    const { email, hash } = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<SentLink>;
    return typeof email === "string" && typeof hash === "string" ? { email, hash } : undefined;
  } catch {
    return undefined;
  }
}

export function forgetSentLink(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Then there is none.
  }
}
