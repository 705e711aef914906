import type { Template } from "@cliscale/protocol";
import { baseEnvironment, type Image } from "../../../packages/local/src/kubernetes/kubelet/images.ts";

/** What runs in a pod of these tests: it does what the source of its bundle says. */
const program = `
  const { createServer } = require("node:net");
  const { writeFileSync } = require("node:fs");
  const env = process.env;
  function listen() {
    const server = createServer((socket) => socket.on("error", () => {}));
    server.listen(7681, env.RUNNER_ADDRESS);
  }
  function end(message, code) {
    if (message !== undefined) writeFileSync(env.RUNNER_TERMINATION_LOG, message);
    process.exit(code);
  }
  const behaviours = {
    "template:listen": listen,
    "template:late": () => setTimeout(listen, 1500),
    "template:deaf": () => setInterval(() => {}, 1000),
    "template:brief": () => {
      listen();
      setTimeout(() => end(JSON.stringify({ outcome: "exited", exitCode: 0 }), 0), 1500);
    },
    "template:exited": () => end(JSON.stringify({ outcome: "exited", exitCode: 3, command: "cowsay" }), 0),
    "template:failed": () => end(JSON.stringify({ outcome: "failed", message: "The bundle has no program." }), 1),
    "template:garbage": () => end("{ not JSON", 1),
    "template:nul": () => end(JSON.stringify({ outcome: "failed", message: "a\\0b", command: "c\\0d" }), 1),
    "template:silent": () => end(undefined, 7),
  };
  behaviours[env.RUNNER_BUNDLE_SOURCE.replace(/^npm:(.*)@.*/, "template:$1")]();
`;

/** A template for each behaviour. It stands for a bundle of another kind, as all but the shell do. */
export const podTemplates: Template[] = [...program.matchAll(/"template:(\w+)"/g)].map(([, name = ""]) => ({
  name,
  title: name,
  description: name,
  source: `npm:${name}@1.0.0`,
  env: [],
  npmScripts: [],
}));

export const podProgram: Image = {
  entrypoint: [process.execPath, "-e", program],
  environment: { ...baseEnvironment },
  readable: [],
};
