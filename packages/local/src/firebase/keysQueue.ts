// Preloaded into firebase-tools (`node --import`). The Functions emulator starts a process for each request that finds none idle, and
// one that still starts is not idle. A gateway that asks for the keys again and again, because they do not come in time, would have a
// busy machine start one process after the other, each slowing down the others. So a request for the keys waits for the one before.
import { once } from "node:events";
import { IncomingMessage, Server, type ServerResponse } from "node:http";

const path = "/.well-known/jwks.json";
// oxlint-disable-next-line typescript/unbound-method -- it is applied to its own server below
const emit = Server.prototype.emit;
let before: Promise<unknown> = Promise.resolve();

Server.prototype.emit = function queued(this: Server, event: string | symbol, ...args: unknown[]): boolean {
  const [request, answer] = args as [unknown, ServerResponse];
  const pass = () => Reflect.apply(emit, this, [event, ...args]) as boolean;
  if (event !== "request" || !(request instanceof IncomingMessage) || request.url !== path) return pass();
  const ask = async () => {
    if (request.socket.destroyed) return;
    const closed = once(answer, "close");
    pass();
    await closed;
  };
  // One that fails does not keep those behind it waiting.
  before = before.then(ask).catch(() => undefined);
  return true;
};
