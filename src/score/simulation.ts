import type { Window } from "../examples/example.js";
import { ask } from "../llm/ask.js";
import type { Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type TextModel, type Usage } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { settingsOf } from "../settings.js";
import { bootstrap } from "../stats/bootstrap.js";
import { clusteredMean } from "../stats/clustered-mean.js";
import type { Estimate } from "../stats/estimate.js";
import { correlation, crossFittedVariance, type PairMoments, pairMoments } from "../stats/pair-moments.js";
import { pooledCorrelation } from "../stats/pooled-correlation.js";
import { wilson } from "../stats/wilson.js";
import { row } from "../tensor.js";
import { attempt } from "./attempt.js";
import { furtherNumbers, rescaled } from "./further-numbers.js";
import { isTokenScorer } from "./is-token-scorer.js";
import { textItems } from "./item.js";
import type { Answer, Judgement, Score, Scorer } from "./scorer.js";
import { readSimulation, simulationPrompt, simulationRequest } from "./simulation-prompt.js";
import { together } from "./together.js";

export interface SimulationOptions {
  /**
   * Which windows are simulated. `activating`: those where the latent fires, as in the paper. `all`: silent ones too, so that a
   * simulator that fires everywhere loses. Default: `activating`.
   */
  windows?: "activating" | "all" | undefined;
}

/**
 * Simulation (Bills et al. 2023; Paulo et al. 2024, the baseline of section 3): how well activations can be told from the
 * explanation.
 *
 * Input: the tokens of each window. A model that gives probabilities reads a window's tokens at once, and what it gives a
 * token is the expected digit, Σ v·p(v) over 0 to 9; a model that gives text is asked for a digit per token (all of a
 * window in one reply, strictly read). Output: Pearson's correlation with the true activations, over the tokens of all
 * windows together, as in the paper; the interval is by bootstrap over windows. `also`: the mean of the correlations of
 * single windows that have one, and the share of variance explained after linear calibration (Bills et al.), each half of
 * the windows calibrated on the other. No value exists where all simulated activations are equal.
 */
export function simulation(model: TextModel | TokenScorer, options: SimulationOptions = {}): Scorer {
  const name = "simulation";
  return {
    name,
    model: model.name,
    settings: settingsOf(options, model),
    async score(explanation, examples, { signal } = {}) {
      const shown = options.windows === "all" ? examples : { ...examples, nonActivating: [] };
      const windows = [...shown.test, ...shown.nonActivating];
      const items = textItems(shown);
      const scale = 9 / examples.maxActivation;
      const simulate = isTokenScorer(model) ? atOnce(model) : inWords(model);
      const simulated = await together(
        windows,
        async (window, signal) => ({
          window,
          ...(await simulate(explanation.text, window, signal)),
        }),
        // A model in this process is no faster for being asked twice at a time.
        { signal, ...(isTokenScorer(model) && { concurrency: 1 }) },
      );
      const judgements = simulated.map(
        ({ window, outcome }, i): Judgement => ({
          ...items[i],
          activations: Array.from(window.activations, (activation) => activation * scale),
          answer: answerOf(outcome),
        }),
      );
      const usage = simulated.reduce((sum, call) => addUsage(sum, call.usage), noUsage);
      return simulationScore({ scorer: name, model: model.name, judgements, usage });
    },
  };
}

type Simulate = (
  explanation: string,
  window: Window,
  signal: AbortSignal,
) => Promise<{ outcome: Outcome<number[]>; usage: Usage }>;

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

function atOnce(model: TokenScorer): Simulate {
  return async (explanation, { pieces }, signal) => {
    const { prefix, segments } = simulationPrompt(explanation, pieces);
    const outcome = await attempt(async () => {
      const { probabilities } = await model.choose(prefix, segments, { candidates: digits, signal });
      return pieces.map((_, i) => row(probabilities, i).reduce((sum, p, digit) => sum + p * digit, 0));
    });
    return { outcome, usage: noUsage };
  };
}

function inWords(llm: TextModel): Simulate {
  return (explanation, { pieces }, signal) =>
    ask(llm, simulationRequest(explanation, pieces), {
      read: (reply) => readSimulation(reply, pieces.length),
      parser: "simulation 1",
      signal,
    });
}

function answerOf(outcome: Outcome<number[]>): Outcome<Answer> {
  return outcome.status === "ok" ? { status: "ok", value: { activations: outcome.value } } : outcome;
}

/** A score from simulated and true activations. */
export function simulationScore(parts: Pick<Score, "scorer" | "model" | "judgements" | "usage">): Score {
  const windows = parts.judgements.flatMap(({ answer, activations = [] }) =>
    answer.status === "ok" ? [pairMoments(answer.value.activations ?? [], activations)] : [],
  );
  const r = pooledCorrelation(windows);
  return {
    ...parts,
    measure: "correlation",
    chance: 0,
    value: r?.value,
    interval: r?.interval,
    ...furtherNumbers({
      "mean correlation of a window": meanCorrelation(windows),
      "explained variance": explainedVariance(windows),
    }),
    truePositiveRate: undefined,
    trueNegativeRate: undefined,
    answered: windows.length,
    unanswered: parts.judgements.length - windows.length,
  };
}

function meanCorrelation(windows: readonly PairMoments[]): Estimate | undefined {
  const single = windows.map(correlation).filter((value) => !Number.isNaN(value));
  if (single.length === 0) return undefined;
  const { value, interval, count, standardError } = clusteredMean(single, [...single.keys()]);
  if (standardError > 0) {
    return { value, interval: [Math.max(-1, interval[0]), Math.min(1, interval[1])] };
  }
  // All alike, as where all is right: Wilson's, from -1 to 1.
  const share = (1 + value) / 2;
  return rescaled({ value: share, interval: wilson(share * count, count) }, (x) => 2 * x - 1);
}

/** With an interval by bootstrap over windows, where there are enough to draw each half of them anew. */
function explainedVariance(windows: readonly PairMoments[]): Estimate | number {
  const value = crossFittedVariance(windows);
  if (windows.length < 4 || !Number.isFinite(value)) return value;
  const halves = windows.map((window, i) => ({ ...window, half: i % 2 }));
  return bootstrap(halves, (drawn) => crossFittedVariance(drawn, ({ half }) => half), {
    stratum: ({ half }) => half,
    resamples: 1000,
  });
}
