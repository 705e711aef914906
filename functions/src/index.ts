// What `firebase deploy` deploys: one function a file.
import { setGlobalOptions } from "firebase-functions/options";

setGlobalOptions({ region: "us-central1", maxInstances: 20 });

export { attachSession } from "./attachSession.ts";
export { createSession } from "./createSession.ts";
export { getSession } from "./getSession.ts";
export { jwks } from "./jwks.ts";
export { stopSession } from "./stopSession.ts";
