// What `firebase deploy` deploys: one function a file. What is imported first holds for all of them.
import "./startUp.ts";

export { attachSession } from "./attachSession.ts";
export { createSession } from "./createSession.ts";
export { extendSession } from "./extendSession.ts";
export { getSession } from "./getSession.ts";
export { health } from "./health.ts";
export { jwks } from "./jwks.ts";
export { listSessions } from "./listSessions.ts";
export { rotateSigningKey } from "./rotateSigningKey.ts";
export { stopSession } from "./stopSession.ts";
export { sweepSessions } from "./sweepSessions.ts";
