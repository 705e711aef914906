import { defaultBundleSettings } from "../../../functions/src/bundleSettings.ts";
import { jobManifest, secretManifest } from "../../../functions/src/kubernetes/jobManifest.ts";
import { sessionRow } from "../../../functions/test/support/sessionRow.ts";

type Session = ReturnType<typeof sessionRow>;

const settings = {
  runnerImage: `runner@sha256:${"0".repeat(64)}`,
  runtimeClass: "gvisor",
  lifetimeMaxSeconds: 3600,
  bundles: defaultBundleSettings,
};

/** The Job that the functions make of a session. */
export function sessionJob(session: Session = sessionRow(), changed: Partial<typeof settings> = {}) {
  return jobManifest(session, { ...settings, ...changed });
}

/** The Secret that they make for it. */
export function sessionSecret(session: Session = sessionRow(), jobUid = "uid") {
  return secretManifest(session, jobUid, {}, defaultBundleSettings);
}
