import assert from "node:assert/strict";
import type { ContractCase } from "../support/contract.ts";
import {
  assertRefused,
  contractLabel,
  createJob,
  jobManifest,
  jobsPath,
  patchJob,
  secretManifest,
  secretsPath,
  succeeded,
} from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

const waiting = { jobSpec: { suspend: true } };

/** Objects as they are created, read, listed and changed. */
export const objectCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "what is created is as it was sent, with what the server adds",
    async check(subject) {
      const name = subject.newName();
      const created = await createJob(subject, name, waiting);
      assert.equal(created.metadata.name, name);
      assert.equal(created.metadata.namespace, subject.namespace);
      assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
      assert.match(created.metadata.resourceVersion, /^\d+$/);
      assert.match(created.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(created.metadata.generation, 1);
      assert.equal(created.metadata.labels?.[contractLabel], name);
      assert.equal(created.spec.parallelism, 1);
      assert.equal(created.spec.completions, 1);
      assert.equal(created.spec.template.spec.containers[0]?.terminationMessagePath, "/dev/termination-log");
      assert.deepEqual(created.spec.selector, {
        matchLabels: { "batch.kubernetes.io/controller-uid": created.metadata.uid },
      });
      const { body: read } = await subject.send("GET", `${jobsPath(subject)}/${name}`);
      assert.deepEqual({ ...read.spec }, { ...created.spec });
    },
  },
  {
    name: "a name is given once",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, waiting);
      const again = await subject.send("POST", jobsPath(subject), { body: jobManifest(subject, name, waiting) });
      assertRefused(again, 409, "AlreadyExists");
      assert.equal(again.body.message, `jobs.batch "${name}" already exists`);
      assert.deepEqual(again.body.details, { name, group: "batch", kind: "jobs" });
    },
  },
  {
    name: "what does not exist is NotFound",
    async check(subject) {
      const name = subject.newName();
      const read = await subject.send("GET", `${jobsPath(subject)}/${name}`);
      assertRefused(read, 404, "NotFound");
      assert.equal(read.body.message, `jobs.batch "${name}" not found`);
      assert.deepEqual(read.body.details, { name, group: "batch", kind: "jobs" });
      assertRefused(await subject.send("DELETE", `${jobsPath(subject)}/${name}`), 404, "NotFound");
      assertRefused(await patchJob(subject, name, { spec: { suspend: false } }), 404, "NotFound");
      const nowhere = `/api/v1/namespaces/${name}/secrets`;
      const created = await subject.send("POST", nowhere, { body: secretManifest(name, {}) });
      assertRefused(created, 404, "NotFound");
      assert.equal(created.body.message, `namespaces "${name}" not found`);
    },
  },
  {
    name: "an object that is not valid is refused field by field",
    async check(subject) {
      const name = subject.newName();
      const body = jobManifest(subject, name, {
        podSpec: { restartPolicy: "Always", terminationGracePeriodSeconds: -1 },
      });
      const answer = await subject.send("POST", jobsPath(subject), { body });
      assertRefused(answer, 422, "Invalid");
      assert.ok(answer.body.message.startsWith(`Job.batch "${name}" is invalid: `), answer.body.message);
      assert.equal(answer.body.details.kind, "Job");
      const fields = answer.body.details.causes.map((cause: { field: string }) => cause.field);
      assert.ok(fields.includes("spec.template.spec.restartPolicy"), fields.join());
      const badName = await subject.send("POST", jobsPath(subject), { body: jobManifest(subject, "Not_A_Name") });
      assertRefused(badName, 422, "Invalid");
      assert.equal(badName.body.details.causes[0].field, "metadata.name");
    },
  },
  {
    name: "a field that does not exist is refused",
    async check(subject) {
      const name = subject.newName();
      const body = jobManifest(subject, name, { jobSpec: { ttlSecondsAfterFinish: 1 } });
      const answer = await subject.send("POST", `${jobsPath(subject)}?fieldValidation=Strict`, { body });
      // The API server calls it a bad request; what a stand-in does not model is invalid.
      assert.ok(answer.status === 400 || answer.status === 422, `answered ${answer.status}`);
      assert.match(answer.body.message, /spec\.ttlSecondsAfterFinish\b/);
      assertRefused(await subject.send("GET", `${jobsPath(subject)}/${name}`), 404, "NotFound");
    },
  },
  {
    name: "a value of the wrong type is a bad request",
    async check(subject) {
      const body = jobManifest(subject, subject.newName(), { jobSpec: { activeDeadlineSeconds: "soon" } });
      assertRefused(await subject.send("POST", jobsPath(subject), { body }), 400, "BadRequest");
    },
  },
  {
    name: "a name is made where a prefix is given",
    async check(subject) {
      const label = subject.newName();
      const { metadata, ...secret } = secretManifest(label, {});
      const body = { ...secret, metadata: { labels: metadata.labels, generateName: `${label}-` } };
      const names = new Set<string>();
      for (let count = 0; count < 3; count += 1) {
        const created = succeeded(await subject.send("POST", secretsPath(subject), { body }));
        assert.match(created.metadata.name, new RegExp(`^${label}-[a-z0-9]{5}$`));
        names.add(created.metadata.name);
      }
      assert.equal(names.size, 3);
    },
  },
  {
    name: "a secret's text is kept as base64",
    async check(subject) {
      const name = subject.newName();
      const body = { ...secretManifest(name, { word: "hä?" }), data: { kept: "AAEC" } };
      const created = succeeded(await subject.send("POST", secretsPath(subject), { body })) as unknown as {
        data: unknown;
        stringData?: unknown;
      };
      assert.deepEqual(created.data, { word: Buffer.from("hä?").toString("base64"), kept: "AAEC" });
      assert.equal(created.stringData, undefined);
    },
  },
  {
    name: "a list holds what its selectors pick",
    async check(subject) {
      const [one, other] = [subject.newName(), subject.newName()];
      await createJob(subject, one, waiting);
      await createJob(subject, other, waiting);
      const pick = async (query: string) => {
        const { body } = await subject.send("GET", `${jobsPath(subject)}?${query}`);
        assert.equal(body.kind, "JobList");
        return body.items.map((item: { metadata: { name: string } }) => item.metadata.name).toSorted();
      };
      const label = encodeURIComponent(contractLabel);
      assert.deepEqual(await pick(`labelSelector=${label}%3D${one}`), [one]);
      assert.deepEqual(await pick(`labelSelector=${label}%20in%20(${one},${other})`), [one, other].toSorted());
      assert.deepEqual(await pick(`labelSelector=${label}%20in%20(${one},${other}),${label}!%3D${one}`), [other]);
      assert.deepEqual(await pick(`fieldSelector=metadata.name%3D${other}`), [other]);
      assert.deepEqual(await pick(`labelSelector=${label}%3D${one}&fieldSelector=metadata.name%3D${other}`), []);
      assertRefused(
        await subject.send("GET", `${jobsPath(subject)}?fieldSelector=spec.nothing%3Dx`),
        400,
        "BadRequest",
      );
    },
  },
  {
    name: "every change gives another resourceVersion, and a change of an older one is a conflict",
    async check(subject) {
      const name = subject.newName();
      const before = await createJob(subject, name, waiting);
      const changed = succeeded(await patchJob(subject, name, { metadata: { annotations: { note: "1" } } }));
      assert.notEqual(changed.metadata.resourceVersion, before.metadata.resourceVersion);
      const { resourceVersion } = before.metadata;
      const stale = await patchJob(subject, name, { metadata: { resourceVersion, annotations: { note: "2" } } });
      assertRefused(stale, 409, "Conflict");
      const { body: now } = await subject.send("GET", `${jobsPath(subject)}/${name}`);
      assert.equal(now.metadata.annotations.note, "1");
      now.metadata.annotations.note = "3";
      succeeded(await subject.send("PUT", `${jobsPath(subject)}/${name}`, { body: now }));
      assertRefused(await subject.send("PUT", `${jobsPath(subject)}/${name}`, { body: now }), 409, "Conflict");
    },
  },
  {
    name: "a merge patch changes what it names, and null removes",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { jobSpec: { suspend: true, ttlSecondsAfterFinished: 100 } });
      const patch = { metadata: { labels: { extra: "yes" } }, spec: { ttlSecondsAfterFinished: null } };
      const patched = succeeded(await patchJob(subject, name, patch)) as Awaited<ReturnType<typeof createJob>>;
      assert.deepEqual([patched.metadata.labels?.["extra"], patched.metadata.labels?.[contractLabel]], ["yes", name]);
      assert.equal(patched.spec.ttlSecondsAfterFinished, undefined);
      assert.equal(patched.spec.suspend, true);
      const template = { metadata: { labels: { extra: "yes" } }, spec: { hostname: "other" } };
      const refused = await patchJob(subject, name, { spec: { template } });
      assertRefused(refused, 422, "Invalid");
      assert.equal(refused.body.details.causes[0].field, "spec.template");
    },
  },
];
