import { BlockList, isIP } from "node:net";
import type { CloudSqlInstance } from "@cliscale/db";
import { cloudSqlFields, cloudSqlOf, integer, list, port, readEnvironment } from "@cliscale/service";
import * as z from "zod";
import type { Caps } from "./admission.ts";

export interface Settings {
  host: string;
  port: number;
  adminHost: string;
  adminPort: number;
  databaseUrl: string;
  cloudSql?: CloudSqlInstance | undefined;
  jwksUrl: string;
  /** The `iss` of attach tokens. */
  issuer: string;
  allowedOrigins: readonly string[];
  podRange: BlockList;
  ttydAllowed: boolean;
  caps: Caps;
  /** Proxies in front that each add an entry to X-Forwarded-For: 2 behind a Google Cloud load balancer. */
  proxyHops: number;
  /** Over which a gateway that stops closes its sockets. */
  drainSeconds: number;
}

const text = z.string().min(1, "must not be empty");
const url = z.url("must be a URL");

/** Comma-separated networks in CIDR notation, as a list that addresses can be checked against. */
export const networks = list.transform((entries, context) => {
  const range = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix = ""] = entry.split("/");
    const version = isIP(address);
    if (version === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 6 ? 128 : 32)) {
      context.addIssue(`must be networks such as 10.0.0.0/8, not ${entry}`);
      return z.NEVER;
    }
    range.addSubnet(address, Number(prefix), version === 6 ? "ipv6" : "ipv4");
  }
  return range;
});

const origins = list.refine(
  (entries) => entries.every((entry) => URL.canParse(entry) && new URL(entry).origin === entry),
  "must be origins such as https://example.com, without a path",
);

/** Reads the gateway's settings; @throws EnvironmentError naming all that are wrong. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const values = readEnvironment(
    {
      CLISCALE_GATEWAY_HOST: text.default("127.0.0.1"),
      CLISCALE_GATEWAY_PORT: port.default(8080),
      CLISCALE_GATEWAY_ADMIN_HOST: text.default("127.0.0.1"),
      CLISCALE_GATEWAY_ADMIN_PORT: port.default(9464),
      CLISCALE_DATABASE_URL: url,
      ...cloudSqlFields,
      CLISCALE_JWKS_URL: url,
      CLISCALE_TOKEN_ISSUER: text,
      CLISCALE_ALLOWED_ORIGINS: origins,
      CLISCALE_POD_RANGE: networks.prefault("127.64.0.0/16"),
      CLISCALE_TTYD: z.enum(["off", "on"]).default("off"),
      CLISCALE_GATEWAY_PENDING: integer(1).default(4096),
      CLISCALE_GATEWAY_PENDING_PER_ADDRESS: integer(1).default(256),
      CLISCALE_GATEWAY_SOCKETS_PER_SESSION: integer(1).default(64),
      CLISCALE_GATEWAY_SOCKETS_PER_USER: integer(1).default(256),
      CLISCALE_GATEWAY_PROXY_HOPS: integer(0, 10).default(0),
      CLISCALE_DRAIN_SECONDS: integer(0, 3600).default(10),
    },
    env,
  );
  return {
    host: values.CLISCALE_GATEWAY_HOST,
    port: values.CLISCALE_GATEWAY_PORT,
    adminHost: values.CLISCALE_GATEWAY_ADMIN_HOST,
    adminPort: values.CLISCALE_GATEWAY_ADMIN_PORT,
    databaseUrl: values.CLISCALE_DATABASE_URL,
    cloudSql: cloudSqlOf(values),
    jwksUrl: values.CLISCALE_JWKS_URL,
    issuer: values.CLISCALE_TOKEN_ISSUER,
    allowedOrigins: values.CLISCALE_ALLOWED_ORIGINS,
    podRange: values.CLISCALE_POD_RANGE,
    ttydAllowed: values.CLISCALE_TTYD === "on",
    caps: {
      pending: values.CLISCALE_GATEWAY_PENDING,
      pendingPerAddress: values.CLISCALE_GATEWAY_PENDING_PER_ADDRESS,
      socketsPerSession: values.CLISCALE_GATEWAY_SOCKETS_PER_SESSION,
      socketsPerUser: values.CLISCALE_GATEWAY_SOCKETS_PER_USER,
    },
    proxyHops: values.CLISCALE_GATEWAY_PROXY_HOPS,
    drainSeconds: values.CLISCALE_DRAIN_SECONDS,
  };
}
