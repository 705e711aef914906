export interface Heartbeat {
  /** Sends a ping now, unless one is under way. */
  beat(): void;
  /** Something arrived: the connection lives. */
  heard(): void;
  pong(nonce: string): void;
  stop(): void;
}

export interface HeartbeatOptions {
  pingMilliseconds: number;
  /** From a ping to the first sign of life. */
  pongMilliseconds: number;
  sendPing: (nonce: string) => void;
  onRoundTrip: (milliseconds: number) => void;
  /** Nothing came back. */
  onSilent: () => void;
}

/** Finds out whether a connection still carries anything, and how long that takes: TCP alone may not tell for minutes. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  let count = 0;
  let sentAt = 0;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const interval = setInterval(beat, options.pingMilliseconds);

  function beat() {
    if (silence !== undefined) return;
    silence = setTimeout(() => {
      silence = undefined;
      options.onSilent();
    }, options.pongMilliseconds);
    sentAt = performance.now();
    options.sendPing(String(++count));
  }

  function heard() {
    clearTimeout(silence);
    silence = undefined;
  }

  return {
    beat,
    heard,
    pong(nonce) {
      if (nonce === String(count)) options.onRoundTrip(performance.now() - sentAt);
    },
    stop() {
      clearInterval(interval);
      heard();
    },
  };
}
