const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether this is a UUID in its canonical form (RFC 9562 §4), in either case. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
