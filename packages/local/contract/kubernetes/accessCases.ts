import assert from "node:assert/strict";
import type { ContractCase } from "../support/contract.ts";
import { assertRefused, jobsPath } from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

/** Who is let in. */
export const accessCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a token that is nobody's is Unauthorized",
    async check(subject) {
      assertRefused(await subject.send("GET", jobsPath(subject), { token: "nobody" }), 401, "Unauthorized");
    },
  },
  {
    name: "a request without a token is refused",
    async check(subject) {
      const answer = await subject.send("GET", jobsPath(subject), { token: null });
      // Where anonymous requests are let in at all they may do nothing.
      assert.ok(answer.status === 401 || answer.status === 403, `answered ${answer.status}`);
      assert.equal(answer.body.kind, "Status");
      assert.equal(answer.body.code, answer.status);
    },
  },
  {
    name: "the API tells which resources it has",
    async check(subject) {
      const { body } = await subject.send("GET", "/apis/batch/v1");
      const jobs = body.resources.find((resource: { name: string }) => resource.name === "jobs");
      assert.equal(jobs.kind, "Job");
      assert.equal(jobs.namespaced, true);
      for (const verb of ["create", "delete", "get", "list", "patch", "watch"])
        assert.ok(jobs.verbs.includes(verb), verb);
    },
  },
];
