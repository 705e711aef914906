import { type Configuration, loadConfiguration } from "./configuration.ts";
import { byId, showError } from "./dom.ts";
import { themePage } from "./settings/pageTheme.ts";
import { type Authentication, type User, createAuthentication } from "./signIn/authentication.ts";
import { takeSignInLink } from "./signIn/signInLink.ts";
import { createSignInView } from "./signIn/signInView.ts";

const signInLink = takeSignInLink();

/** Loads the configuration, then shows how to sign in or the session page, whichever fits who is signed in. */
async function main() {
  const configuration = await loadConfiguration();
  const authentication = createAuthentication(configuration);
  const signInView = createSignInView(authentication, configuration, signInLink);
  byId("notice", HTMLParagraphElement).hidden = configuration.authEmulatorUrl === undefined;
  byId("sign-out", HTMLButtonElement).addEventListener("click", () => leave(authentication));
  byId("other-account", HTMLButtonElement).addEventListener("click", () => leave(authentication));

  let closePage: Promise<() => void> | undefined;
  authentication.onUser((user) => {
    showError("");
    showAccount(user);
    if (user) signInView.hide();
    else signInView.show();
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
