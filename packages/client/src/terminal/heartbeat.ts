import { startStopwatch } from "./stopwatch.ts";

export interface Heartbeat {
  /** Sends a ping now, unless one is under way. */
  beat(): void;
  /** There is reason for doubt: sends a ping now, for whose answer less patience is had. */
  check(): void;
  /** Something arrived: the connection has lived until now. */
  heard(): void;
  pong(nonce: string): void;
  stop(): void;
}

export interface HeartbeatOptions {
  pingMilliseconds: number;
  /** Without a sign of life for so long while a ping is under way, nothing will come back. */
  pongMilliseconds: number;
  /** Whether the other side would answer. */
  canPing: () => boolean;
  sendPing: (nonce: string) => void;
  onRoundTrip: (milliseconds: number) => void;
  /** Nothing came back. */
  onSilent: () => void;
}

/** For the answer to a check, whose reader waits; by a connection that lives it takes less. */
const checkMilliseconds = 5000;

/** A timer so late was held up by a page that slept or was busy, and so was what has arrived meanwhile. */
const lateMilliseconds = 1000;

/** Finds out whether a connection still carries anything, and how long that takes: TCP alone may not tell for minutes. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  let count = 0;
  let sentAt = 0;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let patience = 0;
  const interval = setInterval(beat, options.pingMilliseconds);

  function beat() {
    if (silence === undefined) ping(options.pongMilliseconds);
  }

  function ping(milliseconds: number) {
    if (!options.canPing()) return;
    patience = milliseconds;
    wait();
    sentAt = performance.now();
    options.sendPing(String(++count));
  }

  function wait() {
    const waited = startStopwatch();
    clearTimeout(silence);
    silence = setTimeout(() => {
      silence = undefined;
      if (waited() > patience + lateMilliseconds) ping(patience);
      else options.onSilent();
    }, patience);
  }

  return {
    beat,
    check: () => ping(Math.min(checkMilliseconds, options.pongMilliseconds)),
    heard() {
      // What arrived before a sleep is read only now. So the wait goes on, for the pong, which comes behind all of it.
      if (silence !== undefined) wait();
    },
    pong(nonce) {
      if (nonce !== String(count) || silence === undefined) return;
      clearTimeout(silence);
      silence = undefined;
      const milliseconds = performance.now() - sentAt;
      // One that was read long after it came, by a page that slept, measures nothing.
      if (milliseconds <= options.pongMilliseconds) options.onRoundTrip(milliseconds);
    },
    stop() {
      clearInterval(interval);
      clearTimeout(silence);
    },
  };
}
