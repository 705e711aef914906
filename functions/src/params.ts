import { defineInt, defineString } from "firebase-functions/params";

// Every setting of the functions, under the names that docs and chart use. `firebase deploy` asks for those without a default.

/** PostgreSQL connection URL. */
export const databaseUrl = defineString("CLISCALE_DATABASE_URL");

/** Resource name of the Cloud KMS crypto key that signs attach tokens. */
export const signingKey = defineString("CLISCALE_SIGNING_KEY");
/** Where Cloud KMS is spoken to; `http:` means gRPC without TLS. */
export const kmsEndpoint = defineString("CLISCALE_KMS_ENDPOINT", { default: "https://cloudkms.googleapis.com" });

/** Where Cloud Scheduler is spoken to; `http:` means gRPC without TLS. */
export const schedulerEndpoint = defineString("CLISCALE_SCHEDULER_ENDPOINT", {
  default: "https://cloudscheduler.googleapis.com",
});

/** URL of the cluster's API; for GKE its DNS endpoint. */
export const kubernetesEndpoint = defineString("CLISCALE_KUBERNETES_ENDPOINT");
/** PEM file of the authority that signed the API's certificate; empty where a public one did. */
export const kubernetesCaFile = defineString("CLISCALE_KUBERNETES_CA_FILE", { default: "" });
/** File with the bearer token that names the functions' user. */
export const kubernetesTokenFile = defineString("CLISCALE_KUBERNETES_TOKEN_FILE", { default: "" });

/** Image of the runner, by digest in production. */
export const runnerImage = defineString("CLISCALE_RUNNER_IMAGE");
/** Public WebSocket URL of the gateway, for example `wss://gateway.example.com`. */
export const gatewayUrl = defineString("CLISCALE_GATEWAY_URL");
/** `iss` of attach tokens; the gateway expects the same. */
export const tokenIssuer = defineString("CLISCALE_TOKEN_ISSUER");
/** Origins of the web terminal, comma-separated. */
export const allowedOrigins = defineString("CLISCALE_ALLOWED_ORIGINS");

export const lifetimeDefaultSeconds = defineInt("CLISCALE_LIFETIME_DEFAULT_SECONDS", { default: 3600 });
export const lifetimeMaxSeconds = defineInt("CLISCALE_LIFETIME_MAX_SECONDS", { default: 28_800 });
export const idleDefaultSeconds = defineInt("CLISCALE_IDLE_DEFAULT_SECONDS", { default: 1800 });
