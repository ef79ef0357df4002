import { ModelCallError } from "../errors.js";
import { WaitingLine } from "./waiting-line.js";

export interface BudgetOptions {
  /** US dollars, at the prices of the table in `models.json` or those that the model was given. */
  maxDollars?: number | undefined;
  /** Input and output tokens together. */
  maxTokens?: number | undefined;
}

/** What a call costs, or may cost. */
export interface Cost {
  readonly tokens: number;
  /** `undefined` where the model's price is not known. */
  readonly dollars: number | undefined;
}

/** Money and tokens for a run, shared by the models that are given it. */
export interface Budget {
  /** So far. What a call that broke off may have cost counts at its most. */
  readonly spent: { readonly tokens: number; readonly dollars: number };
  /**
   * Sets aside what a call may cost at most. Where that does not fit, waits for calls under way to give back
   * what they did not need.
   *
   * @throws {ModelCallError} With scope `stop`, if it does not fit when nothing is under way either.
   */
  reserve(model: string, most: Cost, options?: { signal?: AbortSignal | undefined }): Promise<Funds>;
}

/** What was set aside for one call. */
export interface Funds {
  /** Says what the call cost; nothing if it was refused. Called once. */
  settle(cost: Cost): void;
}

/**
 * A budget that stops a run before it is passed: no call begins that could pass it.
 *
 * @throws {RangeError} If a limit is not above 0, or none is given.
 */
export function budget(options: BudgetOptions): Budget {
  const { maxDollars = Infinity, maxTokens = Infinity } = options;
  if (!(maxDollars > 0 && maxTokens > 0) || Math.min(maxDollars, maxTokens) === Infinity) {
    throw new RangeError(
      `Cannot keep to a budget of ${JSON.stringify(options)}: give maxDollars or maxTokens above 0`,
    );
  }
  return new SharedBudget(maxDollars, maxTokens);
}

interface Wish {
  readonly model: string;
  readonly most: Cost;
}

class SharedBudget implements Budget {
  readonly #max: { dollars: number; tokens: number };
  readonly #spent = { tokens: 0, dollars: 0 };
  readonly #reserved = { tokens: 0, dollars: 0 };
  readonly #line = new WaitingLine<Wish, Funds>();
  #underWay = 0;

  constructor(dollars: number, tokens: number) {
    this.#max = { dollars, tokens };
  }

  get spent(): Budget["spent"] {
    return { ...this.#spent };
  }

  async reserve(
    model: string,
    most: Cost,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Funds> {
    options.signal?.throwIfAborted();
    if (most.dollars === undefined && this.#max.dollars < Infinity) {
      throw new ModelCallError(
        `Cannot keep "${model}" to maxDollars ${this.#max.dollars}: its price is not known; give it prices, or a budget in maxTokens`,
        "stop",
      );
    }
    return await new Promise((grant, refuse) => {
      this.#line.join({ wish: { model, most }, signal: options.signal, grant, refuse });
      this.#serve();
    });
  }

  #serve(): void {
    for (let { first } = this.#line; first; first = this.#line.first) {
      const { model, most } = first.wish;
      const fits =
        this.#spent.tokens + this.#reserved.tokens + most.tokens <= this.#max.tokens &&
        this.#spent.dollars + this.#reserved.dollars + (most.dollars ?? 0) <= this.#max.dollars;
      if (!fits && this.#underWay > 0) return;
      this.#line.leave();
      if (fits) first.grant(this.#setAside(most));
      else first.refuse(this.#over(model, most));
    }
  }

  #setAside(most: Cost): Funds {
    this.#move(this.#reserved, most, 1);
    this.#underWay++;
    return {
      settle: (cost) => {
        this.#move(this.#reserved, most, -1);
        this.#move(this.#spent, cost, 1);
        this.#underWay--;
        this.#serve();
      },
    };
  }

  #move(account: { tokens: number; dollars: number }, { tokens, dollars = 0 }: Cost, sign: 1 | -1): void {
    account.tokens += sign * tokens;
    account.dollars += sign * dollars;
  }

  #over(model: string, most: Cost): ModelCallError {
    const inTokens = this.#spent.tokens + most.tokens > this.#max.tokens;
    const [spent, max, next] = inTokens
      ? [this.#spent.tokens, this.#max.tokens, most.tokens].map((n) => `${n.toLocaleString("en-US")} tokens`)
      : [this.#spent.dollars, this.#max.dollars, most.dollars ?? 0].map(
          (n) => `$${Number(n.toPrecision(3))}`,
        );
    return new ModelCallError(
      `Cannot ask "${model}" once more: ${spent} of the budget of ${max} are spent and the call may take ${next}; what was answered is kept, raise ${inTokens ? "maxTokens" : "maxDollars"} and run again`,
      "stop",
    );
  }
}
