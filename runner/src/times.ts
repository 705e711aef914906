/** How long the runner waits for what, in milliseconds. */
export const defaultTimes = {
  /** The command starts without a terminal after this: a session that nobody attaches to does its work all the same. */
  firstHello: 10_000,
  /** A socket must say hello within this. */
  hello: 10_000,
  /** Between two WebSocket pings; a socket that has not answered one by the next is dropped. */
  ping: 25_000,
  /** While every attached socket is stalled the program waits for this long, then runs on: a sleeping tab must not stop it. */
  stall: 5_000,
  /** How long an ended session waits for a client to receive the final screen and the exit message. */
  delivery: 60_000,
  /** How long the other clients get once one has received it. */
  farewell: 2_000,
  /** From asking the command's processes to end (SIGHUP, SIGTERM) to ending them (SIGKILL). */
  kill: 3_000,
};
export type Times = typeof defaultTimes;
