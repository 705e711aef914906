import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { jobLabels } from "../resources/job.ts";
import type { Pod } from "../resources/pod.ts";
import { verbs } from "../resources/resourceType.ts";
import type { User } from "./authenticate.ts";
import type { ResourceRequest } from "./requestInfo.ts";
import { badRequest, StatusError } from "./statusError.ts";

/** What can go wrong with a request. */
const requestFault = z.union([
  z.strictObject({
    /** It is refused, with nothing done. */
    error: z.strictObject({
      code: z.int().min(400).max(599),
      reason: z.string().default("InternalError"),
      message: z.string().default("an injected fault"),
      retryAfterSeconds: z.int().min(0).optional(),
    }),
  }),
  z.strictObject({ delayMilliseconds: z.int().min(0).max(600_000) }),
  z.strictObject({
    /**
     * The connection is cut: before the request is looked at; when it has been carried out, before a byte of the answer, or
     * in its middle; or, for a watch, at its first event, which is lost.
     */
    cut: z.enum(["beforeRequest", "beforeResponse", "midBody", "watch"]),
  }),
  /** It is carried out, and never answered. */
  z.strictObject({ hang: z.literal(true) }),
]);
type RequestFault = z.infer<typeof requestFault>;

/** What can go wrong with a pod, from when its node takes it on. */
const podFaults = ["unschedulable", "imagePull", "neverReady", "oomKilled"] as const;
export type PodFault = (typeof podFaults)[number];

const times = z.int().min(1).default(1);
const rule = z.union([
  z.strictObject({
    match: z
      .strictObject({
        verb: z.enum(verbs).optional(),
        /** `jobs`, `pods/log`, … */
        resource: z.string().optional(),
        name: z.string().optional(),
        user: z.string().optional(),
      })
      .default({}),
    fault: requestFault,
    times,
  }),
  z.strictObject({
    match: z.strictObject({ /** The name of the Job that the pod is of. */ job: z.string().optional() }).default({}),
    fault: z.strictObject({ pod: z.enum(podFaults) }),
    times,
  }),
]);
type Rule = z.infer<typeof rule>;

/** Faults to come. Each is used as often as it says, the oldest that matches first, and is then forgotten. */
export interface Faults {
  /** @throws StatusError 400 for what is no fault. */
  add: (input: unknown) => void;
  clear(): void;
  list(): readonly Rule[];
  takeForRequest(user: User, request: ResourceRequest): RequestFault | undefined;
  takeForPod: (pod: Pod) => PodFault | undefined;
}

export function createFaults(): Faults {
  let rules: Rule[] = [];

  const take = <T extends Rule>(matches: (candidate: Rule) => candidate is T): T["fault"] | undefined => {
    const found = rules.find(matches);
    if (!found) return undefined;
    found.times -= 1;
    rules = rules.filter((each) => each.times > 0);
    return found.fault;
  };

  return {
    add(input) {
      const result = z.array(rule).safeParse(Array.isArray(input) ? input : [input]);
      if (!result.success) throw badRequest(`not a fault: ${z.prettifyError(result.error)}`);
      rules.push(...result.data);
    },
    clear: () => void (rules = []),
    list: () => rules,
    takeForRequest: (user, request) =>
      take((candidate): candidate is Rule & { fault: RequestFault } => {
        if ("pod" in candidate.fault) return false;
        const { type, subresource, name, verb } = request;
        const resource = subresource ? `${type.plural}/${subresource}` : type.plural;
        const actual: Record<string, string | undefined> = { verb, resource, name, user: user.name };
        return Object.entries(candidate.match).every(([key, wanted]) => actual[key] === wanted);
      }),
    takeForPod: (pod) =>
      take((candidate): candidate is Rule & { fault: { pod: PodFault } } => {
        if (!("pod" in candidate.fault)) return false;
        const { job } = candidate.match as { job?: string };
        return job === undefined || pod.metadata.labels?.[jobLabels.name] === job;
      })?.pod,
  };
}

/**
 * Lets a fault happen to a request, up to where the request would be carried out.
 * @throws StatusError where the fault is an error.
 * @returns whether the request is to be carried out.
 */
export async function inject(fault: RequestFault, response: ServerResponse): Promise<boolean> {
  if ("error" in fault) {
    const { code, reason, message, retryAfterSeconds } = fault.error;
    throw new StatusError(code, reason, message, retryAfterSeconds === undefined ? undefined : { retryAfterSeconds });
  }
  if ("delayMilliseconds" in fault) {
    await delay(fault.delayMilliseconds);
    return !response.destroyed;
  }
  if ("hang" in fault) {
    silence(response, () => undefined);
    return true;
  }
  if (fault.cut === "beforeRequest") {
    response.destroy();
    return false;
  }
  cutAnswer(response, fault.cut);
  return true;
}

/** Cuts the connection where the answer would be sent. */
function cutAnswer(response: ServerResponse, where: "beforeResponse" | "midBody" | "watch"): void {
  if (where === "beforeResponse") {
    silence(response, () => response.destroy());
    return;
  }
  if (where === "watch") {
    response.write = () => !response.destroy();
    return;
  }
  const end = response.end.bind(response);
  response.end = ((body: string) => {
    // Sent without its other half, and with the length of both.
    response.write(body.slice(0, body.length / 2), () => response.destroy());
    return response;
  }) as typeof end;
}

/** Keeps anything from being sent; calls back where the answer would begin. */
function silence(response: ServerResponse, begin: () => void): void {
  Object.assign(response, {
    writeHead: () => {
      begin();
      return response;
    },
    flushHeaders: () => undefined,
    write: () => true,
    end: () => response,
  });
}
