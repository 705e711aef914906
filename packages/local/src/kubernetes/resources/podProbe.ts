import * as z from "zod";

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe

const positive = z.int().min(1);
const port = z.union([z.int().min(1).max(65535), z.string().min(1)]);

export const probe = z
  .strictObject({
    tcpSocket: z.strictObject({ port }).optional(),
    httpGet: z
      .strictObject({
        path: z.string().default("/"),
        port,
        scheme: z.literal("HTTP").default("HTTP"),
        httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
      })
      .optional(),
    exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
    initialDelaySeconds: z.int().min(0).optional(),
    timeoutSeconds: positive.default(1),
    periodSeconds: positive.default(10),
    successThreshold: positive.default(1),
    failureThreshold: positive.default(3),
  })
  .refine(
    ({ tcpSocket, httpGet, exec }) => [tcpSocket, httpGet, exec].filter(Boolean).length === 1,
    "must specify exactly one of tcpSocket, httpGet and exec",
  );
export type Probe = z.infer<typeof probe>;
