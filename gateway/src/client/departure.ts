import type { Socket } from "node:net";

/** Says when a client goes away during its handshake, be it by a reset or by the end of what it sends. */
export interface Departure extends Disposable {
  signal: AbortSignal;
}

export function watchDeparture(client: Socket): Departure {
  const controller = new AbortController();
  const leave = () => controller.abort(new Error("the client went away during its handshake"));
  client.on("end", leave).on("close", leave);
  if (client.destroyed || client.readableEnded) leave();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void client.off("end", leave).off("close", leave),
  };
}
