// The page's address names what it shows. It opens nothing without signing in, and starts nothing.
const sessionPattern = /^#\/session\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const startPattern = /^#\/start\?(.*)$/s;

/** What an address asks for. */
export type Route =
  | { view: "start"; link?: URLSearchParams }
  | { view: "session"; sessionId: string }
  | { view: "sessions" };

/** What the page's address asks for; anything unknown is the form. */
export function currentRoute(): Route {
  const { hash } = location;
  if (hash === "#/sessions") return { view: "sessions" };
  const sessionId = sessionPattern.exec(hash)?.[1];
  if (sessionId !== undefined) return { view: "session", sessionId };
  const link = startPattern.exec(hash)?.[1];
  return link === undefined ? { view: "start" } : { view: "start", link: new URLSearchParams(link) };
}

/** The address of a session, within this page. */
export function sessionAddress(sessionId: string): string {
  return `#/session/${sessionId}`;
}

/** Puts a session into the address, so that a reload attaches to it again. */
export function addressSession(sessionId: string): void {
  const address = sessionAddress(sessionId);
  if (location.hash !== address) history.pushState(null, "", address);
}
