import type { AuthClient, Connector } from "@google-cloud/cloud-sql-connector";
import type { ClientConfig } from "pg";

/** An instance of Cloud SQL, which is reached by its name and logged in to by IAM: without a password, a certificate or an allowed address. */
export interface CloudSqlInstance {
  /** `PROJECT:REGION:INSTANCE`. */
  name: string;
  /** Which of its addresses: that in the VPC, a public one, or Private Service Connect's. */
  ipType: "private" | "public" | "psc";
  /** Where the Cloud SQL Admin API is, if not at Google. */
  adminEndpoint?: string;
  /** Somebody else than whom Google's library finds in the surroundings. */
  authClient?: AuthClient;
}

/** Connects to one instance; it holds a certificate that it renews by itself, until it is closed. */
export interface CloudSqlDialer {
  /** What makes a client connect to the instance: TLS 1.3 both ways, on port 3307. Asks the Admin API only the first time. */
  options(): Promise<Required<Pick<ClientConfig, "stream">>>;
  close(): Promise<void>;
}

/** https://github.com/GoogleCloudPlatform/cloud-sql-nodejs-connector#automatic-iam-database-authentication */
export function createCloudSqlDialer({ name, ipType, adminEndpoint, authClient }: CloudSqlInstance): CloudSqlDialer {
  let opened: Promise<Connector> | undefined;

  /** The library brings Google's whole API client along, so that only who needs it loads it. */
  async function open(): Promise<Connector> {
    const library = await import("@google-cloud/cloud-sql-connector");
    return new library.Connector({
      ...(adminEndpoint && { sqlAdminAPIEndpoint: adminEndpoint }),
      ...(authClient && { auth: authClient }),
    });
  }

  return {
    async options() {
      const { AuthTypes, IpAddressTypes } = await import("@google-cloud/cloud-sql-connector");
      const ipTypes = { private: IpAddressTypes.PRIVATE, public: IpAddressTypes.PUBLIC, psc: IpAddressTypes.PSC };
      const connector = await (opened ??= open());
      try {
        return await connector.getOptions({
          instanceConnectionName: name,
          ipType: ipTypes[ipType],
          authType: AuthTypes.IAM,
        });
      } catch (error) {
        // It would tell the failure once more to who asks next, and to nobody at all when it is closed. It holds nothing yet.
        opened = undefined;
        throw error;
      }
    },
    async close() {
      (await opened)?.close();
    },
  };
}
