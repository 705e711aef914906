import { BlockList, isIPv4 } from "node:net";
import { randomInt } from "node:crypto";

export interface AddressPool {
  /**
   * An address that no pod has; one that was given back comes again only when the range has wrapped round.
   * @throws Error when all are taken.
   */
  take(): string;
  release(address: string): void;
}

/**
 * The addresses of pods, out of a range of loopback addresses written as `127.64.0.0/16`. Starts anywhere in it, so that
 * what outlived an earlier run, or runs beside this one, is not met at once.
 * @throws RangeError for what is no such range.
 */
export function createAddressPool(range: string): AddressPool {
  const { first, size } = parseRange(range);
  const taken = new Set<number>();
  let next = randomInt(size);
  return {
    take() {
      for (let tried = 0; tried < size; tried++) {
        const offset = next;
        next = (next + 1) % size;
        if (isUsable(first + offset) && !taken.has(offset)) {
          taken.add(offset);
          return format(first + offset);
        }
      }
      throw new Error(
        `every address of ${range} is taken by a pod: end some, or set CLISCALE_POD_RANGE to a larger range`,
      );
    },
    release: (address) => taken.delete(parse(address) - first),
  };
}

function parseRange(range: string): { first: number; size: number } {
  const [, base, prefix] = /^([\d.]+)\/(\d+)$/.exec(range) ?? [];
  if (!base || !isIPv4(base) || !isLoopback(base) || Number(prefix) < 8 || Number(prefix) > 29) {
    throw new RangeError(
      `CLISCALE_POD_RANGE must be a range of loopback addresses such as 127.64.0.0/16, not ${range}`,
    );
  }
  const size = 2 ** (32 - Number(prefix));
  return { first: Math.floor(parse(base) / size) * size, size };
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
const isLoopback = (address: string) => loopback.check(address);

/** Addresses that end in 0 or 255 look like networks and broadcasts to some programs. */
const isUsable = (address: number) => address % 256 !== 0 && address % 256 !== 255;

const parse = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const format = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
