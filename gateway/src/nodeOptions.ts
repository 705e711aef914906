/**
 * How Node.js runs a gateway, here and in production. What an attach leaves behind is garbage, and an idle terminal makes none:
 * a small young generation, and collecting the old one when a fifth of it is new, keep that garbage from staying resident. In a
 * smaller one still, what attaches under way hold grows old before they are done, and the old generation is collected for it.
 */
export const nodeOptions: readonly string[] = ["--max-semi-space-size=4", "--heap-growing-percent=20"];
