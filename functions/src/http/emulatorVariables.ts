/**
 * Variables that the emulators set and that make Firebase's own libraries accept unsigned ID tokens: the debug mode of
 * firebase-functions (its feature `skipTokenVerification`), and the Auth emulator's address in firebase-admin.
 */
const emulatorVariables = ["FIREBASE_DEBUG_MODE", "FIREBASE_DEBUG_FEATURES", "FIREBASE_AUTH_EMULATOR_HOST"];

/** Cloud Run sets it and the Functions emulator does not: https://cloud.google.com/run/docs/container-contract#env-vars */
const isDeployed = (environment: NodeJS.ProcessEnv) => environment.K_CONFIGURATION !== undefined;

/**
 * Throws where a variable that switches off the check of ID tokens is set outside the Functions emulator. Called while
 * the functions load, so that a revision with such a variable never starts to serve.
 */
export function refuseEmulatorVariables(environment: NodeJS.ProcessEnv): void {
  if (environment.FUNCTIONS_EMULATOR === "true" && !isDeployed(environment)) return;
  const found = [...emulatorVariables, "FUNCTIONS_EMULATOR"].filter((name) => environment[name] !== undefined);
  if (found.length === 0) return;
  throw new Error(
    `${found.join(", ")} would let unsigned ID tokens in. Unset it: it is for the Firebase emulators only.`,
  );
}
