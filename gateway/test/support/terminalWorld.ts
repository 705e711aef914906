import { startPod } from "./pods.ts";
import { startWorld, type TestSession, type World } from "./world.ts";

/** A world with one session, whose pod serves a terminal that echoes. */
export interface TerminalWorld {
  world: World;
  session: TestSession;
  stop: () => Promise<void>;
}

export async function startTerminalWorld(): Promise<TerminalWorld> {
  const world = await startWorld();
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  return {
    world,
    session,
    async stop() {
      await pod.stop();
      await world.stop();
    },
  };
}
