import type { Signer } from "../signer.ts";

/** A token, what is wrong with it left to its name. */
export interface Mutation {
  name: string;
  token: string;
}

export interface MutationOptions {
  /** A token that lets in. */
  token: string;
  /** Whose it is; what it signs here is what only the thief of a key, or a signer led astray, could make. */
  signer: Signer;
  /** Whose key is in the list as well. */
  colleague: Signer;
  /** Whose key is not. */
  stranger: Signer;
  /** An address that nobody must ask for anything. */
  canary: string;
}
