// Real kubectl works on the stand-in. It is that of CLISCALE_KUBECTL, or the one on PATH.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import {
  contractLabel,
  deploymentManifest,
  isRunning,
  jobManifest,
  untilPodOf,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";
import { findKubectl } from "./tools.ts";

const tool = await findKubectl();

suite("kubectl", { skip: tool.skip }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  after(() => subject.close());

  const argumentsOf = (args: string[]) => [...args, "-n", "default", "--kubeconfig", subject.standIn.kubeconfigPath];
  const kubectl = (...args: string[]) => tool.run(argumentsOf(args));

  async function create(name: string, options: Parameters<typeof jobManifest>[2]): Promise<void> {
    const file = join(subject.stateDirectory, `${name}.json`);
    await writeFile(file, JSON.stringify(jobManifest(subject, name, options)));
    assert.equal(await kubectl("create", "-f", file), `job.batch/${name} created\n`);
  }

  test("knows the kinds there are", async () => {
    const resources = await kubectl("api-resources", "--no-headers");
    assert.match(resources, /^pods +po +v1 +true +Pod$/m);
    assert.match(resources, /^jobs +batch\/v1 +true +Job$/m);
    assert.match(await kubectl("version"), /Server Version: v1\.34/);
  });

  test("creates by hand what a deployment needs before its chart", async () => {
    assert.equal(await kubectl("create", "namespace", "by-hand"), "namespace/by-hand created\n");
    assert.match(await kubectl("create", "serviceaccount", "by-hand"), /created/);
    assert.match(await kubectl("create", "configmap", "by-hand", "--from-literal=key=value"), /created/);
    assert.match(await kubectl("create", "secret", "generic", "by-hand", "--from-literal=url=postgres://x"), /created/);
    assert.equal(await kubectl("get", "secret", "by-hand", "-o", "jsonpath={.data.url}"), "cG9zdGdyZXM6Ly94");
    assert.match(await kubectl("delete", "namespace", "by-hand"), /deleted/);
  });

  test("creates a Job, waits for it, and shows it, its pod and its log", async () => {
    const name = subject.newName();
    await create(name, { script: "echo hello; sleep 0.2; echo goodbye" });
    await kubectl("wait", "--for=condition=complete", "--timeout=20s", `job/${name}`);
    assert.match(await kubectl("get", "job", name), new RegExp(`^${name} +Complete +1/1 `, "m"));
    assert.match(
      await kubectl("get", "pods", "-l", `job-name=${name}`),
      /^NAME +READY +STATUS +RESTARTS +AGE\n.* 0\/1 +Completed +0 /,
    );
    assert.match(
      await kubectl("get", "pods", "-l", `job-name=${name}`, "-o", "wide"),
      / 127\.66\.\d+\.\d+ +cliscale-local /,
    );
    assert.equal(await kubectl("logs", `job/${name}`), "hello\ngoodbye\n");
    assert.equal(await kubectl("logs", `job/${name}`, "--tail=1"), "goodbye\n");
    const job = await kubectl("describe", "job", name);
    assert.match(job, /Pods Statuses: +0 Active .*1 Succeeded/);
    assert.match(job, /Normal +SuccessfulCreate .*Created pod/);
    const pod = await kubectl("describe", "pod", "-l", `job-name=${name}`);
    assert.match(pod, /Reason: +Completed/);
    assert.match(pod, /Normal +Scheduled .*Successfully assigned/);
    assert.match(
      await kubectl("get", "events", "--field-selector", `involvedObject.name=${name}`),
      /job\/\S+ +Job completed/,
    );
  });

  test("watches pods come and go, and follows a log", async () => {
    const name = subject.newName();
    const watching = spawn(tool.program, argumentsOf(["get", "pods", "-w", "-l", `job-name=${name}`, "--no-headers"]));
    const seen = new Set<string>();
    const watched = (async () => {
      for await (const line of createInterface({ input: watching.stdout })) {
        seen.add(line.split(/ +/)[2]!);
        if (seen.has("Terminating")) return;
      }
    })();
    await create(name, { script: "echo one; sleep 0.3; echo two; sleep 60" });
    await untilPodOf(subject, name, "it runs", isRunning);
    const following = spawn(tool.program, argumentsOf(["logs", "-f", `job/${name}`]));
    const followed = (async () => {
      const lines: string[] = [];
      for await (const line of createInterface({ input: following.stdout })) {
        lines.push(line);
        if (line === "two") return lines;
      }
      return lines;
    })();
    assert.deepEqual(await followed, ["one", "two"]);
    following.kill();
    assert.match(await kubectl("delete", "job", name, "--timeout=20s"), new RegExp(`job.batch "${name}" deleted`));
    await kubectl("wait", "--for=delete", "--timeout=20s", "pod", "-l", `job-name=${name}`);
    await watched;
    watching.kill();
    assert.ok(seen.has("Running"), [...seen].join());
    assert.equal(await kubectl("get", "pods", "-l", `job-name=${name}`), "");
  });

  test("changes what may be changed", async () => {
    const name = subject.newName();
    await create(name, { jobSpec: { suspend: true } });
    await kubectl("wait", "--for=condition=suspended", "--timeout=20s", `job/${name}`);
    await kubectl("label", "job", name, "colour=green");
    assert.match(await kubectl("get", "job", name, "--show-labels"), /Suspended .*colour=green/);
    await kubectl("patch", "job", name, "-p", '{"spec":{"suspend":false}}');
    await kubectl("wait", "--for=condition=complete", "--timeout=20s", `job/${name}`);
    assert.equal(await kubectl("get", "job", name, "-o", "jsonpath={.spec.suspend}"), "false");
    await kubectl("apply", "-f", join(subject.stateDirectory, `${name}.json`), "--dry-run=client");
  });

  test("rolls a Deployment out, back, and to another size", async () => {
    const name = subject.newName();
    const file = join(subject.stateDirectory, `${name}.json`);
    await writeFile(file, JSON.stringify(deploymentManifest(subject, name)));
    await kubectl("apply", "-f", file);
    const rolledOut = async () => {
      const status = await kubectl("rollout", "status", "deployment", name, "--timeout=30s");
      assert.match(status, /successfully rolled out/);
    };
    await rolledOut();
    await kubectl("set", "env", `deployment/${name}`, "VERSION=2");
    await rolledOut();
    const versions = () =>
      kubectl("get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].env[*].name}");
    assert.equal(await versions(), "MESSAGE VERSION");
    assert.match(await kubectl("rollout", "history", "deployment", name), /^1 .*\n2 /m);
    await kubectl("rollout", "undo", "deployment", name);
    await rolledOut();
    assert.equal(await versions(), "MESSAGE");
    await kubectl("rollout", "restart", "deployment", name);
    await kubectl("scale", "deployment", name, "--replicas=2");
    await rolledOut();
    await kubectl("wait", "--for=condition=Available", "--timeout=20s", `deployment/${name}`);
    assert.match(await kubectl("get", "deployment", name, "--no-headers"), / 2\/2 +2 +2 /);
    assert.match(await kubectl("describe", "deployment", name), /ScalingReplicaSet[\s\S]*Scaled up replica set/);
    // What was changed by other means stays where the file says nothing of it.
    assert.match(await kubectl("apply", "-f", file), /configured/);
    assert.match(
      await kubectl("get", "deployment", name, "-o", "jsonpath={.spec.template.metadata.annotations}"),
      /restartedAt/,
    );
    await kubectl("delete", "deployment", name);
    await kubectl("wait", "--for=delete", "--timeout=20s", "pod", "-l", `${contractLabel}=${name}`);
  });

  test("applies on the server, and names who else applies a field", async () => {
    const file = join(subject.stateDirectory, "applied.yaml");
    const write = (value: string) =>
      writeFile(file, `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  key: ${value}\n`);
    const apply = (manager: string) => kubectl("apply", "--server-side", "--field-manager", manager, "-f", file);
    await write("one");
    assert.match(await apply("first"), /serverside-applied/);
    await write("two");
    await assert.rejects(apply("second"), /conflict with "first": \.data\.key/);
    assert.match(await apply("first"), /serverside-applied/);
    assert.equal(await kubectl("get", "configmap", "applied", "-o", "jsonpath={.data.key}"), "two");
  });

  test("tells what somebody may do", async () => {
    const functions = ["--as", "functions@demo-cliscale.iam.gserviceaccount.com", "--namespace", "cliscale-runners"];
    const canI = (...args: string[]) =>
      tool
        .run(["auth", "can-i", ...args, "--kubeconfig", subject.standIn.kubeconfigPath])
        .catch((error: { stdout: string }) => error.stdout);
    assert.equal(await canI("create", "jobs.batch", ...functions), "yes\n");
    assert.match(await canI("get", "secrets", ...functions), /^no/);
    assert.match(await canI("create", "jobs.batch", "--as", "reader@example.com"), /^no/);
    assert.match(await canI("--list", ...functions), /jobs\.batch +.*\[create get list patch delete\]/);
    assert.equal(await canI("delete", "deployments.apps"), "yes\n");
    assert.match(await kubectl("auth", "whoami", "--as", "reader@example.com"), /reader@example\.com/);
    await assert.rejects(
      kubectl("get", "pods", "--as", "reader@example.com"),
      /User "reader@example\.com" cannot list/,
    );
    const asFunctions = { token: subject.standIn.tokens.functions, headers: { "Impersonate-User": "admin" } };
    const { status, body } = await subject.send("GET", "/api/v1/nodes", asFunctions);
    assert.deepEqual([status, body.reason], [403, "Forbidden"]);
  });

  test("says what is wrong in the words of the API", async () => {
    await assert.rejects(kubectl("get", "job", "none"), /Error from server \(NotFound\): jobs\.batch "none" not found/);
    const name = subject.newName();
    await assert.rejects(create(name, { jobSpec: { parallelism: 2 } }), /The Job ".*" is invalid: .*spec\.parallelism/);
    await assert.rejects(kubectl("delete", "namespace", "default"), /this namespace may not be deleted/);
  });
});
