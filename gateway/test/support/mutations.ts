import { claims, otherTokens, spellings } from "./mutations/body.ts";
import { algorithms, extensions, foreignKeys, keyIds } from "./mutations/header.ts";
import type { Mutation, MutationOptions } from "./mutations/mutation.ts";

/** Every way to change a token that is known to have let somebody in somewhere: RFC 8725, and what attacks on JWT libraries did. */
export function mutationsOf(options: MutationOptions): Mutation[] {
  return [
    ...algorithms(options),
    ...keyIds(options),
    ...foreignKeys(options),
    ...extensions(options),
    ...claims(options),
    ...spellings(options),
    ...otherTokens(options),
  ];
}
