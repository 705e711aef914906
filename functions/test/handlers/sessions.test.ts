import { after, suite } from "node:test";
import { endingCases } from "./endingCases.ts";
import { extendCases } from "./extendCases.ts";
import { listCases } from "./listCases.ts";
import { outageCases } from "./outageCases.ts";
import { startCases, startOrderCase } from "./startCases.ts";
import { startControlPlane } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());

startOrderCase(plane);

suite("sessions", { concurrency: 10 }, () => {
  outageCases(plane);
  startCases(plane);
  endingCases(plane);
  listCases(plane);
  extendCases(plane);
});
