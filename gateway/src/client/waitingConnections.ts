import type { Socket } from "node:net";

/**
 * Connections whose request has not come yet. Where there are too many, the one that has waited longest makes room: whoever
 * opens connections and says nothing pushes out their own, while an honest client has sent its request at once.
 */
export class WaitingConnections {
  private readonly maximum: number;
  /** In the order in which they came. */
  private readonly waiting = new Set<Socket>();
  private readonly onClose: (this: Socket) => void;

  constructor(maximum: number) {
    this.maximum = maximum;
    const { waiting } = this;
    this.onClose = function onClose() {
      waiting.delete(this);
    };
  }

  add(client: Socket): void {
    this.waiting.add(client);
    client.on("close", this.onClose);
    if (this.waiting.size > this.maximum) this.waiting.values().next().value?.destroy();
  }

  remove(client: Socket): void {
    client.off("close", this.onClose);
    this.waiting.delete(client);
  }
}
