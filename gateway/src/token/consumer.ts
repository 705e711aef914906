import { consumeTokens, type TokenUse, type TokenVerdict } from "@cliscale/db";
import type { Pool } from "pg";
import { within } from "../deadline.ts";

interface Waiting {
  use: TokenUse;
  resolve: (verdict: TokenVerdict) => void;
  reject: (error: unknown) => void;
}

/** A second one is for when the first takes long: one whose connection hangs does not keep the others waiting. */
const statementsAtOnce = 2;
const longMilliseconds = 50;
const usesAStatement = 64;

/**
 * Spends tokens in the database. An attach that comes alone has a statement of its own at once; those that come while one is under
 * way share the next, since what a statement costs the gateway it costs once.
 */
export class TokenConsumer {
  private readonly pool: Pool;
  private waiting: Waiting[] = [];
  private underWay = 0;
  /** Whether the last statement may still be answered soon, which the next one waits for. */
  private isAnswerNear = false;

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
    if (this.isAnswerNear || this.underWay === statementsAtOnce || this.waiting.length === 0) return;
    void this.decide(this.waiting.splice(0, usesAStatement));
  }

  private async decide(attaches: readonly Waiting[]): Promise<void> {
    this.underWay += 1;
    this.isAnswerNear = true;
    const timer = setTimeout(() => this.goOn(), longMilliseconds);
    try {
      const verdicts = await consumeTokens(
        this.pool,
        attaches.map(({ use }) => use),
      );
      for (const [index, { resolve }] of attaches.entries()) resolve(verdicts[index]!);
    } catch (error) {
      for (const { reject } of attaches) reject(error);
    } finally {
      clearTimeout(timer);
      this.underWay -= 1;
      this.goOn();
    }
  }

  private goOn(): void {
    this.isAnswerNear = false;
    this.start();
  }
}
