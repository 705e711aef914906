import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { callbackify } from "node:util";
import ipaddr from "ipaddr.js";
import { buildConnector } from "undici";
import { BundleError } from "../bundleError.ts";

/** How hosts are found and connected to. */
export interface Network {
  resolve: (host: string) => Promise<LookupAddress[]>;
  connector: typeof buildConnector;
}

export const systemNetwork: Network = {
  resolve: (host) => lookup(host, { all: true }),
  connector: buildConnector,
};

/** Ranges of https://www.iana.org/assignments/iana-ipv4-special-registry that a private host may be in. */
const privateRanges = new Set(["private", "loopback", "uniqueLocal", "carrierGradeNat"]);

/**
 * Finds a host's addresses for a connection that is about to be made, and refuses it where one is not public (or private,
 * where that is allowed). Names are looked up nowhere else, so that a name cannot mean one address when it is checked and
 * another when it is dialled.
 */
export function guardedLookup({ resolve }: Network, allowPrivate: boolean): LookupFunction {
  const find = callbackify((host: string) => allowedAddresses(host, resolve, allowPrivate));
  return (host, options, callback) =>
    find(host, (error, addresses) => {
      if (error) callback(error, "");
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
}

async function allowedAddresses(host: string, resolve: Network["resolve"], allowPrivate: boolean) {
  const [first, ...others] = await resolve(host);
  if (!first) throw new BundleError(`The host ${host} has no address.`);
  const addresses: [LookupAddress, ...LookupAddress[]] = [first, ...others];
  if (!addresses.every(({ address }) => isAllowed(address, allowPrivate))) {
    throw new BundleError(`The host ${host} has an address that is not public.`);
  }
  return addresses;
}

function isAllowed(address: string, allowPrivate: boolean): boolean {
  // `process` turns an IPv4 address that is written as an IPv6 one back into what it is.
  const range = ipaddr.process(address).range();
  return range === "unicast" || (allowPrivate && privateRanges.has(range));
}
