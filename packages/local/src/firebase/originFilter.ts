// Preloaded into the Firebase emulators' process (`node --import`). The emulators answer any web page: one that a developer
// happens to open could sign up, start sessions and fire scheduled functions here. This refuses what such a page sends, on
// every port that the process listens on, before an emulator sees it.
import { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { isForeign } from "./foreignRequest.ts";

const origins = new Set((process.env["CLISCALE_ALLOWED_ORIGINS"] ?? "").split(","));
// oxlint-disable-next-line typescript/unbound-method -- it is applied to its own server below
const emit = Server.prototype.emit;

Server.prototype.emit = function filtered(this: Server, event: string | symbol, ...args: unknown[]): boolean {
  const [request, answer] = args;
  if (
    (event === "request" || event === "upgrade") &&
    request instanceof IncomingMessage &&
    isForeign(request, origins)
  ) {
    if (answer instanceof ServerResponse) answer.writeHead(403).end("This page may not talk to cliscale.\n");
    else (answer as Duplex).destroy();
    return true;
  }
  return Reflect.apply(emit, this, [event, ...args]) as boolean;
};
