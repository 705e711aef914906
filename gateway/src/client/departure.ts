import type { Socket } from "node:net";

/** Tells when a client goes away during its handshake, be it by a reset or by the end of what it sends. */
export class Departure implements Disposable {
  /** What is to be given up then. */
  onLeave: (() => void) | undefined;
  private readonly client: Socket;
  private hasLeft: boolean;

  constructor(client: Socket) {
    this.client = client;
    this.hasLeft = client.destroyed || client.readableEnded;
    client.on("end", this.leave).on("close", this.leave);
  }

  /** @throws ClientLeft */
  throwIfLeft(): void {
    if (this.hasLeft) throw new ClientLeft("the client went away during its handshake");
  }

  [Symbol.dispose](): void {
    this.client.off("end", this.leave).off("close", this.leave);
  }

  private readonly leave = (): void => {
    this.hasLeft = true;
    this.onLeave?.();
  };
}

export class ClientLeft extends Error {
  override name = "ClientLeft";
}
