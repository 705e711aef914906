import { getApp } from "firebase/app";
import { getToken, initializeAppCheck, ReCaptchaEnterpriseProvider } from "firebase/app-check";

/**
 * Lets Firebase App Check vouch for this page by reCAPTCHA Enterprise, whose scripts the page's Content-Security-Policy must then allow.
 * Returns what gets a current token. The Firebase app must be there.
 */
export function startAppCheck(siteKey: string): () => Promise<string> {
  const provider = new ReCaptchaEnterpriseProvider(siteKey);
  const appCheck = initializeAppCheck(getApp(), { provider, isTokenAutoRefreshEnabled: true });
  return async () => (await getToken(appCheck)).token;
}
