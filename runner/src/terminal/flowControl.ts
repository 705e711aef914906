/** What flow control holds back. */
export interface Pausable {
  pause: () => void;
  resume: () => void;
}

export interface FlowControl {
  /** Says anew whether everybody who is attached is stalled. */
  update: (allStalled: boolean) => void;
  /** Whether the program is to wait now. */
  holding: () => boolean;
}

/**
 * Makes the program wait while everybody who is attached is stalled, so that it runs as fast as it is watched; but no
 * longer than `stallMilliseconds` at a time, after which it runs on until somebody has caught up.
 */
export function createFlowControl(program: Pausable, stallMilliseconds: number): FlowControl {
  let stalled = false;
  let holding = false;
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    holding = false;
    program.resume();
  };
  return {
    update: (allStalled) => {
      if (allStalled === stalled) return;
      stalled = allStalled;
      clearTimeout(timer);
      if (!stalled) return release();
      holding = true;
      program.pause();
      timer = setTimeout(release, stallMilliseconds);
      timer.unref();
    },
    holding: () => holding,
  };
}
