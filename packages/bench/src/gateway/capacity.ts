import { gatewayConnections } from "@cliscale/db";

/** What the model is computed from: figures of one run, for one gateway as shipped. */
export interface Figures {
  baseBytes: number;
  bytesPerPair: number;
  kernelBytesPerPair: number;
  /** CPU of one attach and its end, with the token check. */
  attachMicroseconds: number;
  /** Attaches that one PostgreSQL took a second while it shared a core with clients and pods. */
  databaseAttachesPerSecond: number;
}

export interface Capacity {
  sockets: number;
  pods: number;
  residentGiB: number;
  kernelGiB: number;
  databaseConnections: number;
  /** Sessions that the gateways ask about, and attaches that they need the database for, per second. */
  watchedPerSecond: number;
  /** Until the sockets of one lost gateway are attached to the others, by their CPU and by the database. */
  lossSeconds: { gateways: number; database: number };
  /** The same when all sockets come at once. */
  stormSeconds: { gateways: number; database: number };
}

/** A pod's share: few enough that losing it is a small storm, and that its descriptors (two a socket) are no special setting. */
export const socketsPerPod = 10_000;
/** Of gateway/src/deadlines.ts: how often each gateway asks which of its sessions have ended. */
const watchSeconds = 2;
/** Of one core a pod: the rest is for the terminals that are attached. */
const coreForAttaches = 0.7;

/** One pod more than are needed, so that the others can take over from one that is lost. */
export function capacityFor(sockets: number, figures: Figures): Capacity {
  const pods = Math.max(2, Math.ceil(sockets / socketsPerPod) + 1);
  const perPod = sockets / pods;
  const attachesPerSecond = (coreForAttaches * 1e6) / figures.attachMicroseconds;
  return {
    sockets,
    pods,
    residentGiB: (pods * figures.baseBytes + sockets * figures.bytesPerPair) / 2 ** 30,
    kernelGiB: (sockets * figures.kernelBytesPerPair) / 2 ** 30,
    databaseConnections: pods * gatewayConnections,
    watchedPerSecond: sockets / watchSeconds,
    lossSeconds: {
      gateways: perPod / (attachesPerSecond * (pods - 1)),
      database: perPod / figures.databaseAttachesPerSecond,
    },
    stormSeconds: {
      gateways: sockets / (attachesPerSecond * pods),
      database: sockets / figures.databaseAttachesPerSecond,
    },
  };
}
