import assert from "node:assert/strict";
import { test } from "node:test";
import { hostProcess } from "../../src/kubernetes/kubelet/hostProcess.ts";
import type { Placement } from "../../src/kubernetes/kubelet/isolation.ts";

test("a repository that lies where a container's mount seems to be is still found", async () => {
  const path = "/work/checkout/bin:/usr/bin";
  const placement = {
    pod: { spec: { containers: [{}] } },
    folder: { home: "/pod/home", temporary: "/pod/tmp" },
    mounts: [{ containerPath: "/work", hostPath: "/pod/volumes/work", readOnly: false }],
    image: { entrypoint: ["/work/checkout/bin/node"], environment: { PATH: path }, readable: [] },
  } as unknown as Placement;
  const launch = await hostProcess.launch(
    { argv: ["/work/checkout/bin/node", "/work/file"], environment: { PATH: path, FILE: "/work/file" } },
    placement,
  );
  assert.deepEqual(launch.argv, ["/work/checkout/bin/node", "/pod/volumes/work/file"]);
  assert.equal(launch.environment["PATH"], path);
  assert.equal(launch.environment["FILE"], "/pod/volumes/work/file");
});
