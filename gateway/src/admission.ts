import { Refusal } from "./client/refusal.ts";

/** How many connections one gateway holds. */
export interface Caps {
  /** Handshakes that are under way, in all and from one address. */
  pending: number;
  pendingPerAddress: number;
  socketsPerSession: number;
  socketsPerUser: number;
}

export interface PlaceOwner {
  sessionId: string;
  ownerUid: string;
}

/** Counts connections against their caps. */
export class Admission {
  pending = 0;
  private readonly caps: Caps;
  private readonly byAddress = new Counts();
  private readonly bySession = new Counts();
  private readonly byUser = new Counts();

  constructor(caps: Caps) {
    this.caps = caps;
  }

  /** @throws Refusal `tooManyHandshakes`. */
  beginHandshake(address: string): Disposable {
    if (this.pending >= this.caps.pending || this.byAddress.of(address) >= this.caps.pendingPerAddress) {
      throw new Refusal("tooManyHandshakes");
    }
    this.pending += 1;
    this.byAddress.add(address);
    return {
      [Symbol.dispose]: () => {
        this.pending -= 1;
        this.byAddress.remove(address);
      },
    };
  }

  /**
   * Takes a place for a socket before it is known whether its token lets it in, so that many at once cannot all be the last;
   * false where a cap is reached.
   */
  takePlace({ sessionId, ownerUid }: PlaceOwner): boolean {
    const { socketsPerSession, socketsPerUser } = this.caps;
    if (this.bySession.of(sessionId) >= socketsPerSession || this.byUser.of(ownerUid) >= socketsPerUser) return false;
    this.bySession.add(sessionId);
    this.byUser.add(ownerUid);
    return true;
  }

  giveBack({ sessionId, ownerUid }: PlaceOwner): void {
    this.bySession.remove(sessionId);
    this.byUser.remove(ownerUid);
  }
}

/** How often each key is in use; a key that is not takes no memory. */
class Counts {
  private readonly counts = new Map<string, number>();

  of(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
  }
}
