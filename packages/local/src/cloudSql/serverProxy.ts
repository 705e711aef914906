import { once } from "node:events";
import { connect } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { createPostgresError, readStartup } from "./startupMessage.ts";
import type { Authority } from "./authority.ts";

/** Where instances of Cloud SQL listen for connectors. */
export const serverProxyPort = 3307;

export interface ServerProxyOptions {
  instance: string;
  /** An address of this machine's own. */
  host: string;
  /** The server behind it, which must let those in whom the proxy does. */
  postgresPort: number;
  serverAuthority: Authority;
  clientAuthority: Authority;
}

/**
 * What stands before the database of an instance: it speaks TLS 1.3 with certificates on both sides, and lets the one log in whom the
 * client's certificate names, without a password. https://cloud.google.com/sql/docs/postgres/iam-authentication
 */
export async function startServerProxy(options: ServerProxyOptions): Promise<{ stop(): Promise<void> }> {
  const [project = "", , name = ""] = options.instance.split(":");
  const { certificate, key } = await options.serverAuthority.issueWithKey(`${project}:${name}`);
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    {
      cert: certificate,
      key,
      ca: options.clientAuthority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
    },
    (client) => {
      sockets.add(client);
      client.on("error", () => undefined).on("close", () => sockets.delete(client));
      void admit(client, options);
    },
  );
  server.on("tlsClientError", () => undefined);
  server.listen(serverProxyPort, options.host);
  await once(server, "listening");
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function admit(client: TLSSocket, { postgresPort }: ServerProxyOptions): Promise<void> {
  const principal = client.getPeerCertificate().subject.CN;
  const startup = await readStartup(client);
  if (startup?.user !== userOf(String(principal))) {
    client.end(createPostgresError("28000", `Cloud SQL IAM user authentication failed for user "${startup?.user}"`));
    return;
  }
  const postgres = connect(postgresPort, "127.0.0.1");
  postgres.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.on("close", () => postgres.destroy());
  postgres.write(startup.bytes);
  client.pipe(postgres).pipe(client);
}

/** A service account logs in under its e-mail address, without the end that all of them have. */
function userOf(principal: string): string {
  return principal.replace(/\.gserviceaccount\.com$/, "");
}
