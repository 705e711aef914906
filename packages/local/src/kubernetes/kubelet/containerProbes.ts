import type { Container } from "../resources/podSpec.ts";
import { type ProbeTarget, watchProbe } from "./probe.ts";

/** What becomes of a container by its probes. */
export interface ProbeEvents {
  /** Its startup probe has succeeded, or it has none. */
  onStarted: () => void;
  onReadiness: (ready: boolean) => void;
  /** It is to be ended, and started again: a probe has failed too often. */
  onDead: (probe: "startup" | "liveness") => void;
  /** A probe has failed, which need not mean anything yet. */
  onFailure: (probe: "Startup" | "Readiness" | "Liveness", why: string) => void;
}

/** Probes a container while the signal lasts: its readiness and its life only once it has started. */
export async function probeContainer(
  { startupProbe, readinessProbe, livenessProbe }: Container,
  target: ProbeTarget,
  events: ProbeEvents,
  signal: AbortSignal,
): Promise<void> {
  if (startupProbe && !(await hasStarted(startupProbe, target, events, signal))) return;
  events.onStarted();
  if (!readinessProbe) events.onReadiness(true);
  await Promise.all([
    readinessProbe && watchReadiness(readinessProbe, target, events, signal),
    livenessProbe && watchLife(livenessProbe, target, events, signal),
  ]);
}

type Probe = NonNullable<Container["readinessProbe"]>;

async function hasStarted(
  probe: Probe,
  target: ProbeTarget,
  events: ProbeEvents,
  signal: AbortSignal,
): Promise<boolean> {
  const decided = new AbortController();
  let started = false;
  const onStreak: Parameters<typeof watchProbe>[2] = (streak) => {
    if (!streak.succeeded) events.onFailure("Startup", streak.why);
    if (streak.count < (streak.succeeded ? probe.successThreshold : probe.failureThreshold)) return;
    started = streak.succeeded;
    decided.abort();
    if (!started) events.onDead("startup");
  };
  await watchProbe(probe, target, onStreak, AbortSignal.any([signal, decided.signal]));
  return started && !signal.aborted;
}

async function watchReadiness(
  probe: Probe,
  target: ProbeTarget,
  events: ProbeEvents,
  signal: AbortSignal,
): Promise<void> {
  let ready = false;
  const onStreak: Parameters<typeof watchProbe>[2] = (streak) => {
    if (!streak.succeeded) events.onFailure("Readiness", streak.why);
    const enough = streak.count >= (streak.succeeded ? probe.successThreshold : probe.failureThreshold);
    if (streak.succeeded === ready || !enough) return;
    ready = streak.succeeded;
    events.onReadiness(ready);
  };
  await watchProbe(probe, target, onStreak, signal);
}

async function watchLife(probe: Probe, target: ProbeTarget, events: ProbeEvents, signal: AbortSignal): Promise<void> {
  const dead = new AbortController();
  const onStreak: Parameters<typeof watchProbe>[2] = (streak) => {
    if (streak.succeeded) return;
    events.onFailure("Liveness", streak.why);
    if (streak.count < probe.failureThreshold) return;
    dead.abort();
    events.onDead("liveness");
  };
  await watchProbe(probe, target, onStreak, AbortSignal.any([signal, dead.signal]));
}
