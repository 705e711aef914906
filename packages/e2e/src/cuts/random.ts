/** Random numbers that are the same for the same seed. */
export interface Random {
  /** At least 0 and below 1. */
  (): number;
  /** A whole number from 0 to below the bound. */
  below: (bound: number) => number;
  pick: <Item>(items: readonly Item[]) => Item;
}

/** mulberry32, a small generator. */
export function createRandom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return Object.assign(next, { below, pick: <Item>(items: readonly Item[]) => items[below(items.length)]! });
}
