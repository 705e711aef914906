import { type AdminApi, startAdminApi } from "./adminApi.ts";
import { createAuthority } from "./authority.ts";
import { startServerProxy } from "./serverProxy.ts";

export interface CloudSqlOptions {
  /** `PROJECT:REGION:INSTANCE`. */
  instance: string;
  /** An address of this machine's own, where the instance listens. */
  host: string;
  postgresPort: number;
  /** E-mail addresses of those who may log in, by their access tokens. */
  principals: ReadonlyMap<string, string>;
}

export interface CloudSql {
  admin: AdminApi;
  stop(): Promise<void>;
}

/** An instance of Cloud SQL with IAM login, for production's connector: its Admin API, and what listens before its database. */
export async function startCloudSql(options: CloudSqlOptions): Promise<CloudSql> {
  const [serverAuthority, clientAuthority] = await Promise.all([
    createAuthority("Google Cloud SQL Server CA"),
    createAuthority("Google Cloud SQL Client CA"),
  ]);
  const authorities = { serverAuthority, clientAuthority };
  const proxy = await startServerProxy({ ...options, ...authorities });
  const admin = await startAdminApi({ ...options, ...authorities, privateIp: options.host });
  return {
    admin,
    async stop() {
      await Promise.all([proxy.stop(), admin.stop()]);
    },
  };
}
