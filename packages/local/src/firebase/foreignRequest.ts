import type { IncomingHttpHeaders } from "node:http";

const loopbackHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** The window, and the frame in the page that hands its result on. */
const signInPages = new Set(["/emulator/auth/handler", "/emulator/auth/iframe"]);

/**
 * Whether a request is the doing of a web page of another origin. Browsers name a page's origin in `Origin` wherever a request
 * may have an effect; where they leave it out they say in `Sec-Fetch-Site` whose doing it is
 * (https://www.w3.org/TR/fetch-metadata/). A page whose name was made to resolve to this machine shows by `Host`. Programs
 * other than browsers send neither.
 */
export function isForeign(
  request: { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders },
  allowedOrigins: ReadonlySet<string>,
): boolean {
  const { host, origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
  if (!loopbackHosts.has(host?.replace(/:\d+$/, "") ?? "")) return true;
  if (origin !== undefined) return !allowedOrigins.has(origin);
  const isOwn = site === undefined || site === "same-origin" || site === "none";
  // Following a link to the web terminal is harmless, and what people do. Elsewhere a visit may have an effect: the
  // Functions emulator runs a scheduled function for a GET too.
  const isVisit = request.method === "GET" && mode === "navigate" && allowedOrigins.has(`http://${host}`);
  // The Auth emulator's stand-in for Google's sign-in, which changes nothing before somebody presses a button in it: only from
  // pages of this machine, since no other may have the result.
  const path = request.url?.split("?")[0] ?? "";
  const isSignIn = request.method === "GET" && mode === "navigate" && site === "same-site" && signInPages.has(path);
  return !isOwn && !isVisit && !isSignIn;
}
