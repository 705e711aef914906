/** How one can sign in. */
export const signInMethods = ["google", "emailLink", "password"] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** What a deployment tells its page, in `/config.json`; nothing in it is secret. */
export interface Configuration {
  /** Of the Firebase project: https://firebase.google.com/docs/web/learn-more#config-object */
  firebase: { apiKey: string; authDomain: string; projectId: string; appId?: string };
  /** Address of the callables, to which `/NAME` is added. */
  functionsUrl: string;
  /** Address of the Auth emulator, where that stands in for Firebase Authentication. */
  authEmulatorUrl?: string;
  /** Of reCAPTCHA Enterprise, where calls must pass Firebase App Check. */
  appCheckSiteKey?: string;
  /** The ways of signing in that are offered, one at least; those that are enabled in Firebase Authentication. */
  signIn: SignInMethod[];
  /** Whom to ask who may not start sessions: an e-mail address, an address of the web, or words. */
  contact?: string;
  /** Where terminals are attached to: for the Content-Security-Policy alone, since each attach token comes with the address. */
  gatewayUrl?: string;
  /** Whether the reader may have pictures drawn, for which the policy lets WebAssembly run. */
  terminalImages: boolean;
}

const fetchMilliseconds = 10_000;

/** @throws Error saying what is wrong with the file. */
export async function loadConfiguration(): Promise<Configuration> {
  const response = await fetch("/config.json", { cache: "no-cache", signal: AbortSignal.timeout(fetchMilliseconds) });
  if (!response.ok) throw new Error(`/config.json cannot be had (HTTP ${response.status}).`);
  return parseConfiguration(await response.text());
}

/** @throws Error naming every field that is missing or wrong. */
export function parseConfiguration(text: string): Configuration {
  const file = record(parseJson(text));
  const firebase = record(file["firebase"]);
  const problems: string[] = [];
  const textOf = (value: unknown, name: string) => {
    if (typeof value === "string" && value !== "") return value;
    problems.push(`${name} must be a text`);
    return "";
  };
  const urlOf = (value: unknown, name: string, schemes = "http or https") => {
    const scheme = typeof value === "string" ? URL.parse(value)?.protocol.slice(0, -1) : undefined;
    if (scheme !== undefined && schemes.split(" or ").includes(scheme)) return String(value).replace(/\/+$/, "");
    problems.push(`${name} must be an address with ${schemes}`);
    return "";
  };
  const signInOf = (value: unknown): SignInMethod[] => {
    const methods = signInMethods.filter((method) => Array.isArray(value) && value.includes(method));
    if (Array.isArray(value) && value.length > 0 && new Set(value).size === methods.length) return methods;
    problems.push(`signIn must be a list of ${signInMethods.join(", ")}`);
    return [];
  };
  const flagOf = (value: unknown, name: string) => {
    if (typeof value === "boolean") return value;
    problems.push(`${name} must be true or false`);
    return false;
  };
  const configuration: Configuration = {
    firebase: {
      apiKey: textOf(firebase["apiKey"], "firebase.apiKey"),
      authDomain: textOf(firebase["authDomain"], "firebase.authDomain"),
      projectId: textOf(firebase["projectId"], "firebase.projectId"),
    },
    functionsUrl: urlOf(file["functionsUrl"], "functionsUrl"),
    signIn: signInOf(file["signIn"] ?? ["password"]),
    terminalImages: flagOf(file["terminalImages"] ?? true, "terminalImages"),
  };
  if (file["authEmulatorUrl"] !== undefined) {
    configuration.authEmulatorUrl = urlOf(file["authEmulatorUrl"], "authEmulatorUrl");
  }
  if (file["appCheckSiteKey"] !== undefined) {
    configuration.appCheckSiteKey = textOf(file["appCheckSiteKey"], "appCheckSiteKey");
    configuration.firebase.appId = textOf(firebase["appId"], "firebase.appId");
  }
  if (file["contact"] !== undefined) configuration.contact = textOf(file["contact"], "contact");
  if (file["gatewayUrl"] !== undefined) configuration.gatewayUrl = urlOf(file["gatewayUrl"], "gatewayUrl", "ws or wss");
  if (problems.length > 0) throw new Error(`/config.json is wrong: ${problems.join("; ")}.`);
  return configuration;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("/config.json is not JSON. Was it deployed with the page?", { cause: error });
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
