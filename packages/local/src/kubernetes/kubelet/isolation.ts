import type { Logger } from "@cliscale/service";
import type { Pod } from "../resources/pod.ts";
import { bubblewrap, isBubblewrapUsable } from "./bubblewrap.ts";
import type { ContainerProgram } from "./containerEnvironment.ts";
import { hostProcess } from "./hostProcess.ts";
import type { Image } from "./images.ts";
import type { Mount, PodFolder } from "./podFolder.ts";

/** How a container's program is started on this machine. */
export interface Launch {
  argv: string[];
  environment: Record<string, string>;
  workingDirectory: string;
  /** Whether what is started is bwrap, which tells of its child on a descriptor. */
  reportsStatus: boolean;
}

/** What a container gets, and from where. */
export interface Placement {
  pod: Pod;
  folder: PodFolder;
  mounts: Mount[];
  image: Image;
  /** Lines for its `/etc/hosts`. */
  hosts: string[];
}

export interface Isolation {
  /** Whether pods are kept from what is not theirs. */
  sandboxed: boolean;
  launch(program: ContainerProgram, placement: Placement): Promise<Launch>;
}

/** The best isolation that this machine allows. */
export async function chooseIsolation(logger: Logger): Promise<Isolation> {
  if (await isBubblewrapUsable()) return bubblewrap;
  logger.warn("pods are not sandboxed: install bubblewrap (bwrap), and allow unprivileged user namespaces");
  return hostProcess;
}
