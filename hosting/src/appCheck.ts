import { CallError } from "@cliscale/client";
import { getApp } from "firebase/app";
import { getToken, initializeAppCheck, ReCaptchaEnterpriseProvider } from "firebase/app-check";

/** Firebase waits for reCAPTCHA's script for ever, also where it is blocked. */
const patienceMilliseconds = 15_000;

/**
 * Lets Firebase App Check vouch for this page by reCAPTCHA Enterprise, whose scripts it loads. Returns what gets a current token,
 * or throws CallError. The Firebase app must be there.
 */
export function startAppCheck(siteKey: string): () => Promise<string> {
  const provider = new ReCaptchaEnterpriseProvider(siteKey);
  const appCheck = initializeAppCheck(getApp(), { provider, isTokenAutoRefreshEnabled: true });
  return async () => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(unreachable()), patienceMilliseconds);
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

/** Waiting helps only without a network; else it is told at once. */
const code = () => (navigator.onLine ? "unauthenticated" : "unavailable");

function unreachable(): CallError {
  return new CallError(
    code(),
    "reCAPTCHA, which has to vouch for this page here, cannot be loaded. Check the network, and what blocks scripts.",
  );
}

function refused(cause: unknown): CallError {
  const what = String((cause as { code?: unknown }).code ?? cause);
  const isPassing = what === "appCheck/fetch-network-error";
  return new CallError(
    isPassing ? "unavailable" : code(),
    `App Check does not vouch for this page (${what}). Load it again; if that does not help, ask the operator.`,
    {},
    { cause },
  );
}
