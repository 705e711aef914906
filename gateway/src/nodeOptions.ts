/**
 * How Node.js runs a gateway, here and in production. What an attach leaves behind is garbage, and an idle terminal makes none:
 * a small young generation, and collecting the old one when a fifth of it is new, keep that garbage from staying resident.
 */
export const nodeOptions: readonly string[] = ["--max-semi-space-size=2", "--heap-growing-percent=20"];
