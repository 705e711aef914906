import { CallError } from "@cliscale/client";
import { getApp } from "firebase/app";
import { getToken, initializeAppCheck, ReCaptchaEnterpriseProvider } from "firebase/app-check";

/** Firebase waits for reCAPTCHA's script for ever, also where it is blocked. */
const patienceMilliseconds = 15_000;

/**
 * Lets Firebase App Check vouch for this page by reCAPTCHA Enterprise, whose scripts it loads. Returns what gets a current token,
 * or throws CallError. The Firebase app must be there.
 */
export function startAppCheck(siteKey: string, patience = patienceMilliseconds): () => Promise<string> {
  const provider = new ReCaptchaEnterpriseProvider(siteKey);
  const appCheck = initializeAppCheck(getApp(), { provider, isTokenAutoRefreshEnabled: true });
  return async () => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(unreachable()), patience);
    try {
      const { token } = await Promise.race([getToken(appCheck), late.promise]);
      return token;
    } catch (error) {
      throw error instanceof CallError ? error : refused(error);
    } finally {
      clearTimeout(timer);
    }
  };
}

function unreachable(): CallError {
  return new CallError(
    "unavailable",
    "reCAPTCHA, which has to vouch for this page here, cannot be loaded. Check the network, and what blocks scripts.",
  );
}

/** https://firebase.google.com/docs/reference/js/app-check has no list of the codes. */
function refused(cause: unknown): CallError {
  const code = String((cause as { code?: unknown }).code ?? cause);
  return new CallError(
    "unavailable",
    `App Check does not vouch for this page (${code}). Load it again; if that does not help, ask the operator.`,
    {},
    { cause },
  );
}
