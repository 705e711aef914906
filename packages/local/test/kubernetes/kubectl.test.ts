// Real kubectl works on the stand-in. It is that of CLISCALE_KUBECTL, or the one on PATH.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { isRunning, jobManifest, untilPodOf } from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

const program = process.env["CLISCALE_KUBECTL"] ?? "kubectl";
const isThere = await promisify(execFile)(program, ["version", "--client"]).then(
  () => true,
  () => false,
);
if (!isThere) console.error(`SKIPPED: there is no ${program}; set CLISCALE_KUBECTL to the path of one`);

suite("kubectl", { skip: isThere ? false : `there is no ${program}` }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  after(() => subject.close());

  const argumentsOf = (args: string[]) => [...args, "-n", "default", "--kubeconfig", subject.standIn.kubeconfigPath];
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)(program, argumentsOf(args), { timeout: 30_000 })).stdout;

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
    const watching = spawn(program, argumentsOf(["get", "pods", "-w", "-l", `job-name=${name}`, "--no-headers"]));
    const seen = new Set<string>();
    const watched = (async () => {
      for await (const line of createInterface({ input: watching.stdout })) {
        seen.add(line.split(/ +/)[2]!);
        if (seen.has("Terminating")) return;
      }
    })();
    await create(name, { script: "echo one; sleep 0.3; echo two; sleep 60" });
    await untilPodOf(subject, name, "it runs", isRunning);
    const following = spawn(program, argumentsOf(["logs", "-f", `job/${name}`]));
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

  test("says what is wrong in the words of the API", async () => {
    await assert.rejects(kubectl("get", "job", "none"), /Error from server \(NotFound\): jobs\.batch "none" not found/);
    const name = subject.newName();
    await assert.rejects(create(name, { jobSpec: { parallelism: 2 } }), /The Job ".*" is invalid: .*spec\.parallelism/);
    await assert.rejects(kubectl("delete", "namespace", "default"), /this namespace may not be deleted/);
  });
});
