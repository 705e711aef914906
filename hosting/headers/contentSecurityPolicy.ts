import type { Configuration } from "../src/configuration.ts";

/** Loads the pop-up's helper: https://firebase.google.com/docs/auth/web/google-signin */
const googleScripts = "https://apis.google.com";

/** https://firebase.google.com/docs/reference/rest/auth and, for fresh ID tokens, …#section-refresh-token */
const authentication = ["https://identitytoolkit.googleapis.com", "https://securetoken.googleapis.com"];

/** https://developers.google.com/recaptcha/docs/faq#im-using-content-security-policy-csp-on-my-website.-how-can-i-configure-it-to-work-with-recaptcha */
const recaptcha = {
  scripts: ["https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"],
  frames: ["https://www.google.com/recaptcha/", "https://recaptcha.google.com/recaptcha/"],
  calls: ["https://www.google.com/recaptcha/"],
};

/** https://firebase.google.com/docs/reference/appcheck/rest */
const appCheck = "https://content-firebaseappcheck.googleapis.com";

/**
 * The page's Content-Security-Policy: its own files, and by name each host that this configuration has it talk to. What is not
 * configured is not allowed.
 * @throws Error when the configuration does not say where the gateway is.
 */
export function contentSecurityPolicy(configuration: Configuration): string {
  const { functionsUrl, authEmulatorUrl, signIn, appCheckSiteKey, terminalImages } = configuration;
  const withGoogle = signIn.includes("google");
  const withAppCheck = appCheckSiteKey !== undefined;
  const directives: Record<string, string[]> = {
    "default-src": ["'none'"],
    "script-src": [
      "'self'",
      // Pictures that programs draw are decoded by WebAssembly.
      ...(terminalImages ? ["'wasm-unsafe-eval'"] : []),
      ...(withGoogle ? [googleScripts] : []),
      ...(withAppCheck ? recaptcha.scripts : []),
    ],
    // xterm writes its cells' sizes, its theme and 24-bit colours as styles into the page, and measures wrong cells without. A
    // static page has no fresh nonce to let them pass by.
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'"],
    "connect-src": [
      "'self'",
      new URL(functionsUrl).origin,
      gatewayOrigin(configuration),
      ...(authEmulatorUrl === undefined ? authentication : [new URL(authEmulatorUrl).origin]),
      ...(withAppCheck ? [appCheck, ...recaptcha.calls] : []),
    ],
    "frame-src": [...(withGoogle ? [helperFrame(configuration)] : []), ...(withAppCheck ? recaptcha.frames : [])],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives)
    .filter(([, sources]) => sources.length > 0)
    .map(([directive, sources]) => [directive, ...sources].join(" "))
    .join("; ");
}

function gatewayOrigin({ gatewayUrl }: Configuration): string {
  if (gatewayUrl === undefined) {
    throw new Error("gatewayUrl is missing: the page may attach only to a gateway that its policy names.");
  }
  return new URL(gatewayUrl).origin;
}

/** The invisible frame by which the pop-up hands its result to the page. */
function helperFrame({ firebase, authEmulatorUrl }: Configuration): string {
  return new URL(authEmulatorUrl ?? `https://${firebase.authDomain}`).origin;
}
