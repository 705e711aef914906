// Pods as processes of this machine: what the stand-in promises beyond what Kubernetes does.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { after, before, suite, test } from "node:test";
import { podCases } from "../../contract/kubernetes/podCases.ts";
import {
  createJob,
  isRunning,
  podsPath,
  succeeded,
  untilGone,
  untilNoPodOf,
  untilPodOf,
  untilTerminated,
  untilSo,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";
import { isBubblewrapUsable } from "../../src/kubernetes/kubelet/bubblewrap.ts";

const message = { name: "MESSAGE", value: "/dev/termination-log" };

suite("pods without a sandbox", { concurrency: 4 }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn({ sandbox: false })));
  after(() => subject.close());

  test("say so", () => assert.equal(subject.standIn.sandboxed, false));

  for (const { name, check } of podCases) test(name, () => check(subject));

  test("find their mounts where an argument or a variable is, or begins with, the path of one", async () => {
    const name = subject.newName();
    await createJob(subject, name, {
      container: {
        command: [
          "sh",
          "-c",
          'echo outer > "$1"; echo inner > "$2"; { cat "$OUTER" "$INNER"; ls "$WORK"; echo "$OTHER"; } > $MESSAGE',
          "sh",
          "/work/file",
          "/work/inner/file",
        ],
        env: [
          message,
          { name: "WORK", value: "/work" },
          { name: "OUTER", value: "/work/file" },
          { name: "INNER", value: "/work/inner/file" },
          { name: "OTHER", value: "/workshop" },
        ],
        volumeMounts: [
          { name: "work", mountPath: "/work" },
          { name: "inner", mountPath: "/work/inner" },
        ],
      },
      podSpec: {
        volumes: [
          { name: "work", emptyDir: {} },
          { name: "inner", emptyDir: {} },
        ],
      },
    });
    assert.equal((await untilTerminated(subject, name)).message, "outer\ninner\nfile\n/workshop\n");
  });

  test("have a home and a folder for temporary files of their own", async () => {
    const name = subject.newName();
    await createJob(subject, name, { script: 'printf "%s %s" "$HOME" "$TMPDIR" > $MESSAGE' });
    const pod = await untilPodOf(subject, name, "it is there", () => true);
    const folder = join(subject.stateDirectory, "kubernetes/pods", pod.metadata.uid);
    assert.equal((await untilTerminated(subject, name)).message, `${folder}/home ${folder}/tmp`);
  });

  test("leave nothing running, whatever group it has gone to", async () => {
    const name = subject.newName();
    const script = `setsid sh -c 'echo $$ > "$PID"; exec sleep 600' & while ! [ -s "$PID" ]; do sleep 0.05; done; cat "$PID" > $MESSAGE`;
    await createJob(subject, name, {
      container: {
        command: ["sh", "-c", script],
        env: [message, { name: "PID", value: "/work/pid" }],
        volumeMounts: [{ name: "work", mountPath: "/work" }],
      },
      podSpec: { volumes: [{ name: "work", emptyDir: {} }] },
    });
    const ended = await untilTerminated(subject, name);
    // Until whoever inherits it has taken notice, what has ended counts as alive.
    await untilSo(subject, () => !isAlive(Number(ended.message)));
    assert.equal(isAlive(Number(ended.message)), false);
  });
});

suite(
  "pods in a sandbox",
  { concurrency: 4, skip: (await isBubblewrapUsable()) ? false : "bubblewrap cannot be used here" },
  () => {
    let subject: StandInSubject;
    let outside: string;
    before(async () => {
      subject = await openStandIn();
      outside = await mkdtemp(join(tmpdir(), "cliscale-outside-"));
      await writeFile(join(outside, "secret"), "secret");
    });
    after(async () => {
      await subject.close();
      await rm(outside, { recursive: true });
    });

    /** What a script writes to the termination message; the folders named are given as arguments. */
    async function tellOf(script: string, ...folders: string[]): Promise<string> {
      const name = subject.newName();
      await createJob(subject, name, {
        container: { command: ["sh", "-c", `{ ${script}; } > $MESSAGE 2>&1`, "sh", ...folders], env: [message] },
      });
      return (await untilTerminated(subject, name)).message ?? "";
    }

    test("say so, and say it to their program", async () => {
      assert.equal(subject.standIn.sandboxed, true);
      assert.equal(await tellOf('printf "$CLISCALE_POD_SANDBOXED"'), "1");
    });

    test("see neither this machine's files nor the stand-in's", async () => {
      const repository = new URL("../../../..", import.meta.url).pathname;
      const seen = await tellOf(
        'for each in "$@"; do ls -A "$each" 2>/dev/null; done; cat /etc/shadow 2>/dev/null',
        outside,
        subject.stateDirectory,
        join(repository, ".cliscale"),
        repository,
      );
      // Where Node itself comes from the repository its folder is there, and nothing beside it.
      const wayToNode = relative(repository, process.execPath).split(sep);
      assert.deepEqual(
        seen.split("\n").filter((line) => line !== "" && !wayToNode.includes(line)),
        [],
      );
    });

    test("see no processes but their own, and are process 1", async () => {
      // Kubernetes takes a pair of dollar signs for one.
      const [own, ...all] = (await tellOf("echo $$$$; cd /proc; ls -d [0-9]*")).trim().split("\n").map(Number);
      assert.equal(own, 1);
      assert.ok(all.length > 0 && Math.max(...all) < 10, `processes ${all.join()}`);
    });

    test("run as the user they ask for, without rights", async () => {
      const name = subject.newName();
      await createJob(subject, name, {
        script: "{ id -u; id -g; id -un; grep CapEff /proc/self/status; } > $MESSAGE",
        podSpec: { securityContext: { runAsUser: 10001, runAsGroup: 10002 } },
      });
      const { message: told } = await untilTerminated(subject, name);
      assert.equal(told, "10001\n10002\nrunner\nCapEff:\t0000000000000000\n");
    });

    test("can write to their mounts alone when their root is read-only", async () => {
      const name = subject.newName();
      await createJob(subject, name, {
        container: {
          command: [
            "sh",
            "-c",
            'for each in / /tmp /home/runner /run /work; do (: > "$each/file") 2>/dev/null && echo "$each"; done > $MESSAGE',
          ],
          env: [message],
          securityContext: { readOnlyRootFilesystem: true },
          volumeMounts: [{ name: "work", mountPath: "/work" }],
        },
        podSpec: { volumes: [{ name: "work", emptyDir: {} }] },
      });
      assert.equal((await untilTerminated(subject, name)).message, "/work\n");
    });

    test("cannot write to a secret", async () => {
      const name = subject.newName();
      succeeded(
        await subject.send("POST", "/api/v1/namespaces/default/secrets", {
          body: { metadata: { name }, stringData: { a: "b" } },
        }),
      );
      await createJob(subject, name, {
        container: {
          command: [
            "sh",
            "-c",
            "(echo x > /mine/a) 2>/dev/null || (echo x > /mine/b) 2>/dev/null || cat /mine/a > $MESSAGE",
          ],
          env: [message],
          volumeMounts: [{ name: "mine", mountPath: "/mine" }],
        },
        podSpec: { volumes: [{ name: "mine", secret: { secretName: name, defaultMode: 0o666 } }] },
      });
      assert.equal((await untilTerminated(subject, name)).message, "b");
    });

    test("have the host name of their pod", async () => {
      const name = subject.newName();
      await createJob(subject, name, {
        script: 'printf "%s %s" "$(cat /proc/sys/kernel/hostname)" "$HOSTNAME" > $MESSAGE',
      });
      const pod = await untilPodOf(subject, name, "it is there", () => true);
      assert.equal((await untilTerminated(subject, name)).message, `${pod.metadata.name} ${pod.metadata.name}`);
    });
  },
);

suite("a pod's folder", () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  after(() => subject.close());
  const folders = () => readdir(join(subject.stateDirectory, "kubernetes/pods"));

  test("holds no volumes once the pod has ended, and goes with the pod", async () => {
    const name = subject.newName();
    await createJob(subject, name, { script: "echo hello" });
    await untilTerminated(subject, name);
    const pod = await untilPodOf(subject, name, "it is there", () => true);
    const folder = join(subject.stateDirectory, "kubernetes/pods", pod.metadata.uid);
    assert.equal(existsSync(join(folder, "volumes")), false);
    const job = `/apis/batch/v1/namespaces/default/jobs/${name}`;
    succeeded(await subject.send("DELETE", `${job}?propagationPolicy=Foreground`));
    await untilNoPodOf(subject, name);
    await subject.close();
    assert.equal(existsSync(subject.stateDirectory), false);
    subject = await openStandIn();
  });

  test("goes also when a pod took its own rights away, and with what is in it", async () => {
    const name = subject.newName();
    await createJob(subject, name, {
      container: {
        command: ["sh", "-c", 'cd "$WORK" && mkdir -p a/b && : > a/b/c && chmod 000 a/b a; sleep 60'],
        env: [{ name: "WORK", value: "/work" }],
        volumeMounts: [{ name: "work", mountPath: "/work" }],
      },
      podSpec: { volumes: [{ name: "work", emptyDir: {} }] },
    });
    const pod = await untilPodOf(subject, name, "it runs", isRunning);
    succeeded(await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}`));
    await untilGone(subject, podsPath(subject), pod.metadata.name);
    await subject.standIn.close();
    assert.deepEqual(await folders(), []);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
