import { accessCases } from "./accessCases.ts";
import { deletionCases } from "./deletionCases.ts";
import { jobCases } from "./jobCases.ts";
import { objectCases } from "./objectCases.ts";
import { podCases } from "./podCases.ts";
import { watchCases } from "./watchCases.ts";
import { workloadCases } from "./workloadCases.ts";

/** What we rely on Kubernetes for. */
export const kubernetesContract = [
  ...accessCases,
  ...objectCases,
  ...watchCases,
  ...jobCases,
  ...podCases,
  ...deletionCases,
  ...workloadCases,
];
