import { consumeTokens, type TokenUse, type TokenVerdict } from "@cliscale/db";
import type { Pool } from "pg";
import { within } from "../deadline.ts";

interface Waiting {
  use: TokenUse;
  resolve: (verdict: TokenVerdict) => void;
  reject: (error: unknown) => void;
}

/** Two, so that one whose connection hangs does not keep the others waiting. */
const statementsAtOnce = 2;
const usesAStatement = 64;

/**
 * Spends tokens in the database. An attach that comes alone has a statement of its own at once; those that come while enough are
 * under way share the next, since what a statement costs the gateway it costs once.
 */
export class TokenConsumer {
  private readonly pool: Pool;
  private waiting: Waiting[] = [];
  private underWay = 0;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  /** @throws DeadlineExceeded after so long, or what the database throws. One that still waits then is not spent. */
  async consume(use: TokenUse, milliseconds: number): Promise<TokenVerdict> {
    const { promise, resolve, reject } = Promise.withResolvers<TokenVerdict>();
    const entry = { use, resolve, reject };
    this.waiting.push(entry);
    this.start();
    try {
      return await within(milliseconds, "consuming the token", promise);
    } catch (error) {
      this.waiting = this.waiting.filter((other) => other !== entry);
      throw error;
    }
  }

  private start(): void {
    while (this.underWay < statementsAtOnce && this.waiting.length > 0) {
      void this.decide(this.waiting.splice(0, usesAStatement));
    }
  }

  private async decide(attaches: readonly Waiting[]): Promise<void> {
    this.underWay += 1;
    try {
      const verdicts = await consumeTokens(
        this.pool,
        attaches.map(({ use }) => use),
      );
      for (const [index, { resolve }] of attaches.entries()) resolve(verdicts[index]!);
    } catch (error) {
      for (const { reject } of attaches) reject(error);
    } finally {
      this.underWay -= 1;
      this.start();
    }
  }
}
