export * from "./attachToken.ts";
export * from "./closeCodes.ts";
export * from "./errors.ts";
export * from "./session.ts";
export * from "./steadyTerminal.ts";
export * from "./terminationMessage.ts";
export * from "./wire.ts";
