import type { Socket } from "node:net";
import { attachRaw } from "./client.ts";
import { clientFrame, type RawPod, serverFrame, shakeHandsAsPod, startRawPod } from "./pods.ts";
import type { TestSession, World } from "./world.ts";

/** The two ends of an attached terminal, the gateway between them. */
export interface Pair {
  client: Socket;
  pod: Socket;
}

const attachesAtOnce = 16;
const messageBytes = 4096;
const typedBytes = clientFrame(2, Buffer.alloc(messageBytes)).length;
const shown = serverFrame(2, Buffer.alloc(messageBytes, "x"));

/** A pod that answers each client's first message of 4 KB with as much, and then leaves the socket to the test. */
export async function startPairs(session: TestSession) {
  const atPod = new Map<number, Socket>();
  const pod: RawPod = await startRawPod(async (socket) => {
    await shakeHandsAsPod(socket, session.podSecret);
    let typed = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      typed = Buffer.concat([typed, chunk]);
      if (typed.length < typedBytes) return;
      socket.off("data", read).resume();
      atPod.set(typed.readUInt32BE(typedBytes - messageBytes), socket);
      socket.write(shown);
    };
    socket.on("data", read);
  }, session.podIp);

  /** Attaches one client, whose first message says which it is. */
  async function open(world: World, port: number, index: number): Promise<Pair> {
    const { socket, until } = await attachRaw(port, session.id, await mintPatiently(world, session));
    const message = Buffer.alloc(messageBytes);
    message.writeUInt32BE(index);
    socket.write(clientFrame(2, message));
    await until((frames) => frames.length >= shown.length);
    // What follows is not kept.
    socket.removeAllListeners("data").resume();
    return { client: socket, pod: atPod.get(index)! };
  }

  return {
    pod,
    async openAll(world: World, port: number, count: number): Promise<Pair[]> {
      const pairs: Pair[] = [];
      let next = 0;
      const worker = async () => {
        while (next < count) {
          const index = next++;
          pairs[index] = await open(world, port, index);
        }
      };
      await Promise.all(Array.from({ length: attachesAtOnce }, worker));
      atPod.clear();
      return pairs;
    },
  };
}

/** A machine that is busy with thousands of sockets keeps a statement waiting for longer than the pool allows. */
export async function mintPatiently(world: World, session: TestSession, triesLeft = 20): Promise<string> {
  try {
    return await world.mint(session);
  } catch (error) {
    if (triesLeft === 0) throw error;
    return mintPatiently(world, session, triesLeft - 1);
  }
}
