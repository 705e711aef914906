// The session's id is the only thing that the page keeps in its address: it opens nothing without signing in as its owner.
const pattern = /^#\/session\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The session that the page's address names. */
export function addressedSession(): string | undefined {
  return pattern.exec(location.hash)?.[1];
}

/** Puts a session into the address, so that a reload attaches to it again. */
export function addressSession(sessionId: string): void {
  if (addressedSession() !== sessionId) history.pushState(null, "", `#/session/${sessionId}`);
}
