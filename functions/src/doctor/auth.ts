import { randomUUID } from "node:crypto";
import { type App, type Credential, deleteApp, initializeApp } from "firebase-admin/app";
import { getAuth } from "firebase-admin/auth";
import type { AuthClient } from "google-auth-library";
import type { Check } from "./check.ts";
import type { Identities } from "./identities.ts";
import type { DoctorSettings } from "./settings.ts";

/** Firebase Authentication as the functions ask it whether a user is revoked. */
export function authCheck({ project, serviceAccounts }: DoctorSettings, identities: Identities): Check {
  return {
    name: "firebase auth",
    needs: identities.functions ? ["identity: functions"] : [],
    async run() {
      const credential = identities.functions && credentialOf(identities.functions);
      const app: App = initializeApp({ projectId: project, ...(credential && { credential }) }, randomUUID());
      try {
        await getAuth(app).getUser("cliscale-doctor");
      } catch (error) {
        // That there is no such user is an answer.
        if ((error as { code?: string }).code !== "auth/user-not-found") throw error;
      } finally {
        await deleteApp(app);
      }
      return "answers the functions";
    },
    remedy: `enable Firebase Authentication, and grant ${serviceAccounts.functions} roles/firebaseauth.viewer`,
  };
}

function credentialOf(client: AuthClient): Credential {
  return {
    async getAccessToken() {
      const { token } = await client.getAccessToken();
      return { access_token: token ?? "", expires_in: 300 };
    },
  };
}
