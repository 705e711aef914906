import type { IncomingHttpHeaders } from "node:http";

const loopbackHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Whether a request is the doing of a web page of another origin. Browsers name a page's origin in `Origin` wherever a request
 * may have an effect; where they leave it out they say in `Sec-Fetch-Site` whose doing it is
 * (https://www.w3.org/TR/fetch-metadata/). A page whose name was made to resolve to this machine shows by `Host`. Programs
 * other than browsers send neither.
 */
export function isForeign(
  request: { method?: string | undefined; headers: IncomingHttpHeaders },
  allowedOrigins: ReadonlySet<string>,
): boolean {
  const { host, origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
  if (!loopbackHosts.has(host?.replace(/:\d+$/, "") ?? "")) return true;
  if (origin !== undefined) return !allowedOrigins.has(origin);
  const isOwn = site === undefined || site === "same-origin" || site === "none";
  // Following a link to the web terminal is harmless, and what people do. Elsewhere a visit may have an effect: the
  // Functions emulator runs a scheduled function for a GET too.
  const isVisit = request.method === "GET" && mode === "navigate" && allowedOrigins.has(`http://${host}`);
  return !isOwn && !isVisit;
}
