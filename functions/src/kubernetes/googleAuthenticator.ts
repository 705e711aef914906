import type { KubeConfig } from "@kubernetes/client-node";
import { type AuthClient, GoogleAuth } from "google-auth-library";

/** GKE knows a caller by the e-mail address of a Google token: https://cloud.google.com/kubernetes-engine/docs/how-to/api-server-authentication */
const scopes = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email"];

type Authenticator = Parameters<KubeConfig["addAuthenticator"]>[0];

export const googleProvider = "google";

/**
 * Names callers by tokens of Google's, which its library caches and renews: those of the service account that the program runs as,
 * unless another identity is given. Nothing else proves to GKE who calls; its DNS endpoint has a public certificate.
 */
export function googleAuthenticator(authClient?: AuthClient): Authenticator {
  const auth = new GoogleAuth({ scopes, ...(authClient && { authClient }) });
  return {
    isAuthProvider: ({ authProvider }) => authProvider?.name === googleProvider,
    async applyAuthentication(_user, options) {
      const token = await auth.getAccessToken();
      if (!token) throw new Error("Google has given no access token: is there a service account?");
      options.headers = Object.assign(options.headers ?? {}, { Authorization: `Bearer ${token}` });
    },
  };
}
