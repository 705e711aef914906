/** The bundle cannot be put in place; the message says to a person what is wrong and what to do. */
export class BundleError extends Error {
  override name = "BundleError";
}
