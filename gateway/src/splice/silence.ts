import { milliseconds } from "../milliseconds.ts";

/** How long a peer may be silent that has been sent something, in milliseconds. */
export interface SilenceLimits {
  /** From what was last heard of it until it is asked whether it is there … */
  ping: number;
  /** … and from then on until it is taken for gone. */
  pong: number;
}

/**
 * Tells a peer that has vanished from one that has nothing to say, by a ping (RFC 6455 §5.5.2), which it has to answer. TCP's
 * keepalive does so only while nothing that was sent waits to be acknowledged; for that Linux waits a quarter of an hour, and
 * Node.js has no way to set TCP_USER_TIMEOUT.
 */
export class Silence {
  /** In whole `milliseconds`. It cannot have vanished before. */
  private heardAt = milliseconds();
  /** Whether it has been sent something since. */
  private owes = false;
  /** When it was pinged; -1: it was not. */
  private askedAt = -1;

  /** It has been sent something. */
  sent(): void {
    this.owes = true;
  }

  /** Something has come from it, or nothing of it could be read so far. */
  heard(): void {
    this.heardAt = milliseconds();
    this.owes = false;
    this.askedAt = -1;
  }

  /** What to do now. It is asked once, and has its time to answer however late it was asked. */
  verdict({ ping, pong }: SilenceLimits): "ask" | "gone" | undefined {
    const now = milliseconds();
    if (this.askedAt >= 0) return now - this.askedAt >= pong ? "gone" : undefined;
    if (!this.owes || now - this.heardAt < ping) return undefined;
    this.askedAt = now;
    return "ask";
  }
}
