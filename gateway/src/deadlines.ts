/** How long things may take, in milliseconds. */
export interface Deadlines {
  /** From a connection's first byte to the end of its request's headers. */
  headers: number;
  /** For the three steps that follow together: a client is told within 3 s that it cannot attach. */
  attach: number;
  verify: number;
  consume: number;
  pod: number;
  /** To ask why a pod is gone. */
  explain: number;
  /** From the first step of closing a socket until it is cut. */
  close: number;
  /** Between two looks at which sessions have ended; with `explain` well under the 5 s in which their sockets close. */
  watch: number;
  /** Between two reports of activity. */
  report: number;
  /** For a peer that takes nothing of what waits for it. With `close`, well under the minute in which a vanished one is found. */
  stall: number;
  /**
   * For a peer that has been sent something and says nothing: until it is pinged, and for its answer. One that was idle for as long
   * as TCP's keepalive takes, 30 s, is pinged at once: it too is found within the minute.
   */
  ping: number;
  pong: number;
}

export const defaultDeadlines: Deadlines = {
  headers: 5_000,
  attach: 2_800,
  verify: 2_000,
  consume: 2_000,
  pod: 2_000,
  explain: 1_200,
  close: 5_000,
  watch: 2_000,
  report: 5_000,
  stall: 45_000,
  ping: 20_000,
  pong: 20_000,
};

/** Of an idle connection, until TCP probes it. With libuv's ten probes a second apart, a vanished peer is found 30 s after it was last heard. */
export const keepAliveMilliseconds = 20_000;
