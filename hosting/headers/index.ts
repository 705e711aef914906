export { contentSecurityPolicy } from "./contentSecurityPolicy.ts";
export { type Header, pageHeaders, readPageConfig, writePolicy } from "./firebaseJson.ts";
