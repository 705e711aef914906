import assert from "node:assert/strict";
import type { ContractCase } from "../support/contract.ts";
import type { Pod } from "../../src/kubernetes/resources/pod.ts";
import { watchEvents } from "./request.ts";
import {
  assertRefused,
  createJob,
  isRunning,
  patchJob,
  podsPath,
  secretManifest,
  secretsPath,
  stateOf,
  succeeded,
  trueCondition,
  untilPodOf,
  untilTerminated,
} from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

const serve = "require('http').createServer((_, answer) => answer.end()).listen(7681, process.env.POD_IP)";
const podIp = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };

/** What a container finds, and what is told of it. */
export const podCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a pod goes from pending to running to its end, and says when",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { jobSpec: { suspend: true } });
      const query = `labelSelector=batch.kubernetes.io%2Fjob-name%3D${name}&watch=true`;
      const signal = AbortSignal.timeout(subject.patienceMilliseconds);
      const events = watchEvents(subject.kubeConfig, `${podsPath(subject)}?${query}`, signal);
      const first = events.next();
      succeeded(await patchJob(subject, name, { spec: { suspend: false } }));
      const seen = [((await first).value as { object: Pod }).object];
      assert.equal(seen[0]?.status.phase, "Pending");
      for await (const { object } of events) {
        seen.push(object as Pod);
        if (object.status.phase === "Succeeded") break;
      }
      const scheduled = seen.findIndex((pod) => trueCondition(pod, "PodScheduled"));
      const creating = seen.findIndex((pod) => stateOf(pod)?.waiting?.reason === "ContainerCreating");
      assert.ok(scheduled >= 0, "never scheduled");
      assert.ok(creating >= scheduled, "created before it was scheduled");
      assert.deepEqual([...new Set(seen.map((pod) => pod.status.phase))].slice(0, 1), ["Pending"]);
      const last = seen.at(-1)!;
      assert.equal(last.status.phase, "Succeeded");
      assert.equal(last.status.conditions?.find((each) => each.type === "Ready")?.status, "False");
      const { startedAt, finishedAt } = stateOf(last)!.terminated!;
      assert.match(finishedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(Date.parse(startedAt) <= Date.parse(finishedAt));
      assert.ok(Date.parse(last.status.startTime!) <= Date.parse(startedAt));
    },
  },
  {
    name: "the exit code is the program's, or 128 and the signal's number",
    async check(subject) {
      const [exits, isKilled] = [subject.newName(), subject.newName()];
      await createJob(subject, exits, { script: "exit 42" });
      // A container's first process cannot be killed from within: its shell tells how another was.
      await createJob(subject, isKilled, { script: "node -e 'process.kill(process.pid, 9)'; exit $?" });
      assert.equal((await untilTerminated(subject, exits)).exitCode, 42);
      assert.equal((await untilTerminated(subject, isKilled)).exitCode, 137);
    },
  },
  {
    name: "a termination message is kept, up to 4096 bytes",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        container: {
          command: [
            "node",
            "-e",
            "require('fs').writeFileSync(process.env.MESSAGE, 'm'.repeat(5000)); process.exit(1)",
          ],
        },
      });
      assert.equal((await untilTerminated(subject, name)).message, "m".repeat(4096));
    },
  },
  {
    name: "variables are expanded, in order, and in the command",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        container: {
          command: [
            "sh",
            "-c",
            'printf "%s|" "$@" "$JOINED" "$LATER" "$ESCAPED" "$POD" > $MESSAGE',
            "$(FIRST)",
            "$(FIRST)",
            "$(NONE)",
            "$$(FIRST)",
          ],
          env: [
            { name: "MESSAGE", value: "/dev/termination-log" },
            { name: "LATER", value: "$(FIRST)" },
            { name: "FIRST", value: "one" },
            { name: "JOINED", value: "$(FIRST)-$(FIRST)" },
            { name: "ESCAPED", value: "$$(FIRST)$$" },
            { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
        },
      });
      const { message } = await untilTerminated(subject, name);
      const pod = await untilPodOf(subject, name, "it is there", () => true);
      assert.equal(message, `one|$(NONE)|$(FIRST)|one-one|$(FIRST)|$(FIRST)$|${pod.metadata.name}|`);
    },
  },
  {
    name: "a container has no variables but its own and its image's",
    async check(subject) {
      const name = subject.newName();
      process.env["CLISCALE_CONTRACT_CANARY"] = "sings";
      await createJob(subject, name, { script: 'printf "<$CLISCALE_CONTRACT_CANARY>" > $MESSAGE' });
      assert.equal((await untilTerminated(subject, name)).message, "<>");
    },
  },
  {
    name: "a pod waits for its secret, and finds its files with their mode",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        container: {
          command: ["sh", "-c", 'cd "$MINE" && printf "%s %s" "$(cat word)" "$(stat -L -c %a word)" > $MESSAGE'],
          env: [
            { name: "MESSAGE", value: "/dev/termination-log" },
            { name: "MINE", value: "/run/secrets/mine" },
          ],
          volumeMounts: [{ name: "mine", mountPath: "/run/secrets/mine", readOnly: true }],
        },
        podSpec: { volumes: [{ name: "mine", secret: { secretName: name, defaultMode: 0o440 } }] },
      });
      const pod = await untilPodOf(subject, name, "it waits", (each) => stateOf(each)?.waiting !== undefined);
      assert.equal(stateOf(pod)?.waiting?.reason, "ContainerCreating");
      const log = await subject.send("GET", `${podsPath(subject)}/${pod.metadata.name}/log`);
      assertRefused(log, 400, "BadRequest");
      assert.match(log.body.message, /is waiting to start: ContainerCreating/);
      succeeded(await subject.send("POST", secretsPath(subject), { body: secretManifest(name, { word: "open" }) }));
      assert.equal((await untilTerminated(subject, name)).message, "open 440");
    },
  },
  {
    name: "an emptyDir is empty, and can be written to",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        container: {
          command: ["sh", "-c", 'ls -A "$WORK" > $MESSAGE; echo kept > "$WORK/file"; cat "$WORK/file" >> $MESSAGE'],
          env: [
            { name: "MESSAGE", value: "/dev/termination-log" },
            { name: "WORK", value: "/work" },
          ],
          volumeMounts: [{ name: "work", mountPath: "/work" }],
        },
        podSpec: { volumes: [{ name: "work", emptyDir: { sizeLimit: "10Mi" } }] },
      });
      assert.equal((await untilTerminated(subject, name)).message, "kept\n");
    },
  },
  {
    name: "a pod is ready when its probe succeeds, at an address of its own",
    async check(subject) {
      const names = [subject.newName(), subject.newName()];
      const readinessProbe = { tcpSocket: { port: 7681 }, periodSeconds: 1 };
      for (const name of names) {
        await createJob(subject, name, { container: { command: ["node", "-e", serve], env: [podIp], readinessProbe } });
      }
      const pods = await Promise.all(
        names.map((name) => untilPodOf(subject, name, "it is ready", (pod) => Boolean(trueCondition(pod, "Ready")))),
      );
      for (const pod of pods) {
        assert.ok(trueCondition(pod, "ContainersReady"));
        assert.equal(pod.status.containerStatuses?.[0]?.ready, true);
        assert.deepEqual(pod.status.podIPs, [{ ip: pod.status.podIP }]);
      }
      assert.notEqual(pods[0]!.status.podIP, pods[1]!.status.podIP);
    },
  },
  {
    name: "a pod whose probe fails runs, and is not ready",
    async check(subject) {
      const name = subject.newName();
      const readinessProbe = { httpGet: { port: 7681, path: "/" }, periodSeconds: 1, failureThreshold: 1 };
      await createJob(subject, name, { script: "sleep 2", container: { readinessProbe } });
      const seen: Pod[] = [];
      await untilPodOf(subject, name, "it has ended", (pod) => {
        if (isRunning(pod)) seen.push(pod);
        return stateOf(pod)?.terminated !== undefined;
      });
      assert.ok(seen.length > 0, "it never ran");
      for (const { status } of seen) {
        const ready = status.conditions?.find((condition) => condition.type === "Ready");
        assert.equal(ready?.status, "False");
        assert.equal(ready?.reason, "ContainersNotReady");
      }
    },
  },
  {
    name: "an image that cannot be pulled keeps its pod waiting",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { container: { image: "cliscale.invalid/nothing:1" } });
      const reasons = new Set<string>();
      const pod = await untilPodOf(subject, name, "its image cannot be pulled", (each) => {
        reasons.add(stateOf(each)?.waiting?.reason ?? "");
        return reasons.has("ErrImagePull") || reasons.has("ImagePullBackOff");
      });
      assert.equal(pod.status.phase, "Pending");
      assert.ok(stateOf(pod)?.waiting?.message);
    },
  },
  {
    name: "a program that does not exist cannot be started",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { container: { command: ["/no/such/program"] } });
      const { exitCode, reason } = await untilTerminated(subject, name);
      assert.deepEqual([exitCode, reason], [128, "StartError"]);
    },
  },
  {
    name: "what a program writes is its pod's log",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "echo one; echo two >&2; sleep 0.1; echo three" });
      await untilTerminated(subject, name);
      const pod = await untilPodOf(subject, name, "it is there", () => true);
      const read = async (query: string) =>
        (await subject.send("GET", `${podsPath(subject)}/${pod.metadata.name}/log?${query}`)).text;
      assert.deepEqual((await read("")).trim().split("\n").toSorted(), ["one", "three", "two"]);
      assert.equal(await read("tailLines=1"), "three\n");
      assert.match(await read("tailLines=1&timestamps=true"), /^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/);
      assert.equal(await read("limitBytes=2&tailLines=1"), "th");
    },
  },
];
