import type { Check } from "./check.ts";
import type { DoctorSettings } from "./settings.ts";

/** What the settings allow that is for tests and development only. */
export function productionCheck({ functions, isProduction }: DoctorSettings): Check {
  return {
    name: "settings: production",
    run() {
      const unfit = unfitForProduction(functions);
      if (isProduction && unfit.length > 0) return Promise.reject(new Error(unfit.join("; ")));
      return Promise.resolve(isProduction ? "are fit for production" : "are those of a demo project");
    },
    remedy: "change these settings, and deploy again",
  };
}

function unfitForProduction({
  bundles,
  runnerImage,
  runtimeClass,
  gatewayUrl,
  allowedOrigins,
}: DoctorSettings["functions"]) {
  const isPrivate = bundles.bundleHosts.split(",").some((host) => host.trim().startsWith("private="));
  return [
    isPrivate && "CLISCALE_BUNDLE_HOSTS lets bundles come from private addresses (private=)",
    !/@sha256:[0-9a-f]{64}$/.test(runnerImage) && "CLISCALE_RUNNER_IMAGE is not named by its digest",
    runtimeClass === "" && "CLISCALE_RUNNER_RUNTIME_CLASS is empty: sessions run in no sandbox",
    !gatewayUrl.startsWith("wss:") && "CLISCALE_GATEWAY_URL is not wss:",
    allowedOrigins.some((origin) => !origin.startsWith("https:")) &&
      "CLISCALE_ALLOWED_ORIGINS has an origin without TLS",
  ].filter((text) => text !== false);
}
