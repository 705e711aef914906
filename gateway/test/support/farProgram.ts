// Clients and pods in a network of their own, which does what it is told over IPC.
import type { Socket } from "node:net";
import { terminalPath } from "@cliscale/service";
import { attachRaw, connectRaw } from "./client.ts";
import type { FarOrder } from "./farNetwork.ts";
import { podAnswer, readRequest, startRawPod } from "./pods.ts";

const [nearIp = "", farIp = ""] = process.argv.slice(2);

process.on("message", (order: FarOrder) => {
  void obey(order).then(() => process.send?.({ done: true }));
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });

async function obey(order: FarOrder): Promise<void> {
  if (order.do === "serve") await serve(order.pods);
  else if (order.do === "attach") await attachRaw(order.port, order.sessionId, order.token, nearIp);
  else (await connectRaw(order.port, nearIp)).write(order.text);
}

async function serve(pods: { podSecret: string; mute: boolean }[]): Promise<void> {
  const byPath = new Map(pods.map((pod) => [`/${terminalPath(pod.podSecret)}/ws`, pod]));
  await startRawPod(async (socket: Socket) => {
    const { head, key } = await readRequest(socket);
    const pod = byPath.get(head.split(" ")[1] ?? "");
    if (pod && !pod.mute) socket.write(podAnswer(pod.podSecret, key));
  }, farIp);
}
