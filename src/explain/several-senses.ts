import type { Example, LatentExamples } from "../examples/example.js";
import type { Embedder } from "../llm/embedder.js";
import type { Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type Usage } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { clusterRows } from "../stats/cluster-rows.js";
import { row } from "../tensor.js";
import type { Explainer, Explanation, Sense } from "./explainer.js";

export interface SeveralSensesOptions {
  /** Says how alike the surroundings of two places are. */
  embedder: Embedder;
  /** At most so many senses. Default: 4. */
  most?: number | undefined;
  /** Groups with less than this share of the windows are joined to the nearest. Default: 0.1. */
  least?: number | undefined;
  /** Groups whose windows are at least so alike on average are one, in [0, 1]. Default: 0.3. */
  alike?: number | undefined;
  /** Tokens on either side of the strongest one that count as its surroundings. Default: 5. */
  around?: number | undefined;
}

/**
 * Groups the training windows by what the latent fires on, has each group explained on its own, and says which share of the
 * windows each sense covers. Two windows are alike by half where their strongest tokens are the same, and by half by the
 * cosine of what surrounds these. A latent whose windows are all alike keeps one sense.
 *
 * With training examples by quantile (the default of `sampleExamples`) the shares are those of all windows.
 *
 * @see Several concepts per feature by clusters of embeddings: PRISM (2025).
 */
export function severalSenses(explainer: Explainer, options: SeveralSensesOptions): Explainer {
  const name = `${explainer.name} several-senses`;
  return {
    name,
    model: explainer.model,
    settings: settingsOf({ explainer, ...options }),
    hookpoint: explainer.hookpoint,
    async explain(examples, { signal } = {}) {
      const groups = await groupsOf(examples.train, { ...options, signal });
      if (groups.length < 2) return withSenses(await explainer.explain(examples, { signal }), name);
      const explained: { explanation: Explanation; share: number }[] = [];
      for (const train of groups) {
        const outcome = await explainer.explain({ ...examples, train }, { signal });
        if (outcome.status !== "ok") return { ...outcome, usage: paid(explained, outcome.usage) };
        explained.push({ explanation: outcome.value, share: train.length / examples.train.length });
      }
      return { status: "ok", value: joined(examples, { name, model: explainer.model, explained }) };
    },
  };
}

/** One text with all senses, in the form in which the embedded judge joins clauses. Equal ones are one. */
function joined(
  { latent }: LatentExamples,
  {
    name,
    model,
    explained,
  }: {
    name: string;
    model: string;
    explained: readonly { explanation: Explanation; share: number }[];
  },
): Explanation {
  const shares = new Map<string, number>();
  for (const { explanation, share } of explained) {
    shares.set(explanation.text, (shares.get(explanation.text) ?? 0) + share);
  }
  const senses: Sense[] = Array.from(shares, ([text, share]) => ({ text, share }));
  const text = senses.map((sense) => sense.text.replace(/\.$/, "")).join("; or ");
  const lacks = explained.some(({ explanation }) => explanation.incomplete);
  const usage = paid(explained);
  return { latent, text, explainer: name, model, usage, senses, ...(lacks && { incomplete: true }) };
}

function paid(explained: readonly { explanation: Explanation }[], before: Usage = noUsage): Usage {
  return explained.reduce((sum, { explanation }) => addUsage(sum, explanation.usage), before);
}

function withSenses(outcome: Outcome<Explanation>, explainer: string): Outcome<Explanation> {
  if (outcome.status !== "ok") return outcome;
  const { value } = outcome;
  return { status: "ok", value: { ...value, explainer, senses: [{ text: value.text, share: 1 }] } };
}

/** Training windows by sense, the largest group first. */
async function groupsOf(
  train: readonly Example[],
  options: SeveralSensesOptions & { signal: AbortSignal | undefined },
): Promise<Example[][]> {
  const { embedder, most = 4, least = 0.1, alike = 0.3, around = 5, signal } = options;
  if (train.length === 0) return [];
  const places = train.map((example) => surroundings(example, around));
  const vectors = await embedder.embed(
    places.map(({ text }) => text),
    { signal },
  );
  const likeness = (a: number, b: number) => {
    const sameToken = places[a].token === places[b].token ? 1 : 0;
    const cosine = row(vectors, a).reduce((sum, x, i) => sum + x * row(vectors, b)[i], 0);
    return (sameToken + Math.max(0, cosine)) / 2;
  };
  const groups = clusterRows(train.length, likeness, { most, least: least * train.length, alike });
  return groups.map((members) => members.map((i) => train[i]));
}

/** The strongest token, in small letters without spaces, and the text around it without itself. */
function surroundings({ pieces, activations }: Example, around: number) {
  const peak = activations.indexOf(Math.max(...activations));
  const near = [
    ...pieces.slice(Math.max(0, peak - around), peak),
    " ",
    ...pieces.slice(peak + 1, peak + 1 + around),
  ];
  return { token: pieces[peak].trim().toLowerCase(), text: near.join("") };
}
