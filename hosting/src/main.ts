import { type Authentication, type User, createAuthentication } from "./authentication.ts";
import { type Configuration, loadConfiguration } from "./configuration.ts";
import { byId, showError } from "./dom.ts";
import { themePage } from "./settings/pageTheme.ts";
import { createSignInForm } from "./signInForm.ts";

/** Loads the configuration, then shows the sign-in form or the session page, whichever fits who is signed in. */
async function main() {
  const configuration = await loadConfiguration();
  const authentication = createAuthentication(configuration);
  const signInForm = createSignInForm(authentication);
  byId("notice", HTMLParagraphElement).hidden = configuration.authEmulatorUrl === undefined;
  byId("sign-out", HTMLButtonElement).addEventListener("click", () => leave(authentication));

  let closePage: Promise<() => void> | undefined;
  authentication.onUser((user) => {
    showError("");
    showAccount(user);
    signInForm.hidden = user !== null;
    void closePage?.then((close) => close());
    closePage = user ? openPage(configuration, user) : undefined;
    closePage?.catch(report);
  });
}

/** The terminal and all that belongs to it are loaded only for who is signed in. */
async function openPage(configuration: Configuration, user: User): Promise<() => void> {
  const { openSignedIn } = await import("./signedIn.ts");
  return openSignedIn(configuration, user, await appCheckTokenOf(configuration));
}

/** Loaded only where App Check is configured. */
async function appCheckTokenOf({ appCheckSiteKey }: Configuration): Promise<(() => Promise<string>) | undefined> {
  if (appCheckSiteKey === undefined) return undefined;
  const { startAppCheck } = await import("./appCheck.ts");
  return startAppCheck(appCheckSiteKey);
}

function showAccount(user: User | null) {
  byId("account", HTMLDivElement).hidden = user === null;
  byId("account-email", HTMLSpanElement).textContent = user?.email ?? "";
}

function leave(authentication: Authentication) {
  // The next one to sign in here has no use for the session in the address.
  history.replaceState(null, "", location.pathname);
  authentication.signOut().catch(report);
}

function report(error: unknown) {
  showError(`This page does not work: ${error instanceof Error ? error.message : String(error)}`);
}

themePage();
main().catch(report);
