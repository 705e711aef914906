export * from "./cloudSql.ts";
export * from "./environment.ts";
export * from "./lifecycle.ts";
export * from "./logger.ts";
export * from "./podIdentity.ts";
