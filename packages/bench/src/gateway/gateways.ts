import { join } from "node:path";
import { nodeOptions } from "@cliscale/gateway/node-options";
import { type Client, attach } from "./load/client.ts";
import { type ControlPlane, issuer, type Session } from "./load/sessions.ts";
import { type Peer, startHaproxy, startNginx, startNode, startProgram } from "./peers/start.ts";

/** What a run measures gateways with. */
export interface Surroundings {
  podIp: string;
  /** The network that pods are in, as in CLISCALE_POD_RANGE. */
  podRange: string;
  controlPlane: ControlPlane;
  sessions: Session[];
  /** The secret of the one session of a gateway that checks nothing. */
  sharedSecret: string;
}

/** A kind of gateway that can be measured. */
export interface Gateway {
  name: string;
  start(surroundings: Surroundings): Promise<Peer>;
  /** Whether each attach needs a token. */
  checksTokens?: boolean;
}

const gatewayFolder = join(import.meta.dirname, "../../../../gateway");

export const gateways: readonly Gateway[] = [
  { name: "nginx", start: ({ podIp }) => startNginx(podIp) },
  { name: "haproxy", start: ({ podIp }) => startHaproxy(podIp) },
  { name: "http-proxy", start: ({ podIp }) => startNode("httpProxy.ts", podIp) },
  { name: "ws", start: ({ podIp }) => startNode("ws.ts", podIp) },
  // With the product's options, so that what is left is the difference of the programs.
  { name: "Node, bare", start: ({ podIp }) => startNode("bare.ts", podIp, nodeOptions) },
  { name: "cliscale, unchecked", start: startUnchecked },
  { name: "cliscale", start: startCliscale, checksTokens: true },
];

/** The product's own program as it ships. */
export function startCliscale(surroundings: Surroundings, env: Record<string, string> = {}): Promise<Peer> {
  return startProgram(
    join(gatewayFolder, "src/main.ts"),
    "CLISCALE_GATEWAY_PORT",
    {
      CLISCALE_GATEWAY_ADMIN_PORT: "0",
      CLISCALE_DATABASE_URL: surroundings.controlPlane.databaseUrl,
      CLISCALE_JWKS_URL: surroundings.controlPlane.jwksUrl,
      CLISCALE_TOKEN_ISSUER: issuer,
      CLISCALE_ALLOWED_ORIGINS: "http://127.0.0.1:5000",
      CLISCALE_POD_RANGE: surroundings.podRange,
      ...env,
    },
    nodeOptions,
  );
}

/** The product without its token check: the same server, dialling and splice. */
function startUnchecked({ podIp, podRange, sharedSecret }: Surroundings): Promise<Peer> {
  return startProgram(
    join(gatewayFolder, "bench/unchecked.ts"),
    "PORT",
    { POD_IP: podIp, CLISCALE_POD_RANGE: podRange, POD_SECRET: sharedSecret },
    nodeOptions,
  );
}

/** Opens terminals through a gateway, each of a session of its own. */
export class Terminals {
  readonly peer: Peer;
  private readonly sessions: readonly Session[];
  private tokens: string[] | undefined;
  private next = 0;

  constructor(peer: Peer, { sessions }: Surroundings) {
    this.peer = peer;
    this.sessions = sessions;
  }

  /** Has tokens ready for this many attaches, so that minting them is no part of what is measured. */
  async prepare(count: number, { checksTokens }: Gateway, controlPlane: ControlPlane): Promise<void> {
    const { length } = this.sessions;
    this.next %= length;
    const sessions = Array.from({ length: count }, (_, index) => this.sessions[(this.next + index) % length]!);
    this.tokens = checksTokens ? await controlPlane.mint(sessions) : sessions.map(() => unusedToken);
  }

  open(): Promise<Client> {
    const session = this.sessions[this.next % this.sessions.length]!;
    this.next += 1;
    const token = this.tokens?.shift();
    if (token === undefined) throw new Error("more attaches than were prepared");
    return attach({ port: this.peer.port, path: `/ws/${session.id}`, protocols: ["tty", `bearer.${token}`] });
  }
}

/** As long as a real one, so that all gateways read the same number of bytes. */
const unusedToken = "t".repeat(760);
